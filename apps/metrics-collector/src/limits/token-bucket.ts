/** A budget that refills steadily. It may go into debt by one withdrawal: size is known only after reading. */
export class TokenBucket {
  private tokens: number;
  private refilledAt: number;

  /**
   * @param perSecond tokens that come back each second
   * @param burst most tokens that can be saved up
   * @param now monotonic clock, milliseconds
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = burst;
    this.refilledAt = now();
  }

  withdraw(amount: number): void {
    this.refill();
    this.tokens -= amount;
  }

  /** Milliseconds until there is something to withdraw; 0 when there is now. */
  waitMs(): number {
    this.refill();
    return this.tokens > 0 ? 0 : Math.ceil(((1e-9 - this.tokens) / this.perSecond) * 1_000) || 1;
  }

  private refill(): void {
    const now = this.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.refilledAt) / 1_000) * this.perSecond);
    this.refilledAt = now;
  }
}
