const MAX_KEYS = 10_000;

/** A steady allowance per key with a burst; keys that are quiet cost nothing after a while. */
export class RateLimit {
  /** When each key's allowance is whole again, as milliseconds of the clock. */
  private readonly wholeAt = new Map<string, number>();

  constructor(
    private readonly limits: { readonly perSecond: number; readonly burst: number },
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes one; false when the key has used its allowance up. */
  take(key: string): boolean {
    const now = this.now();
    const costMs = 1_000 / this.limits.perSecond;
    const wholeAt = Math.max(now, this.wholeAt.get(key) ?? now) + costMs;
    if (wholeAt - now > costMs * this.limits.burst) return false;
    if (this.wholeAt.size >= MAX_KEYS) this.prune(now);
    this.wholeAt.set(key, wholeAt);
    return true;
  }

  forget(key: string): void {
    this.wholeAt.delete(key);
  }

  private prune(now: number): void {
    for (const [key, wholeAt] of this.wholeAt) if (wholeAt <= now) this.wholeAt.delete(key);
    // Whoever uses that many keys at once gets a fresh start rather than our memory.
    if (this.wholeAt.size >= MAX_KEYS) this.wholeAt.clear();
  }
}
