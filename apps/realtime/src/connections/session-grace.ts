/**
 * How long connections go on of whose sessions nobody says anything any more. Counted from what was asked last and
 * answered: while users answers, sessions that wait for their turn lose nothing.
 */
export class SessionGrace {
  private answeredAt: number;
  private isFailing = false;

  /** @param now a clock that nobody sets, in milliseconds */
  constructor(
    private readonly graceMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.answeredAt = now();
  }

  /** @param at when; what was answered before the last answer says nothing new */
  answered(at: number = this.now()): void {
    if (at <= this.answeredAt) return;
    this.answeredAt = at;
    this.isFailing = false;
  }

  failed(): void {
    this.isFailing = true;
  }

  /** Whether users has answered about nobody for all of the grace. */
  get isOver(): boolean {
    return this.isFailing && this.isPast(this.answeredAt);
  }

  /** Whether that was longer ago than the grace. */
  isPast(confirmedAt: number): boolean {
    return this.now() - confirmedAt > this.graceMs;
  }
}
