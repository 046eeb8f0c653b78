/** Work that can be done in slices. */
export interface TurnTaker {
  /** Does one short slice. @returns true when there is more to do at once. */
  takeTurn(): boolean;
}

/** Time that guests' frames may take before other events get the loop. */
const BUDGET_MS = 5;

/**
 * Hands out turns first come, first served, one slice each, and gives the event loop back after every 5 ms of work:
 * one flooding guest delays its neighbours by its slice, and all of them together delay nothing else by more than that.
 */
export class TurnQueue {
  private queue: TurnTaker[] = [];
  private readonly waiting = new Set<TurnTaker>();
  private scheduled = false;

  /** @param now monotonic clock, milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  submit(taker: TurnTaker): void {
    if (this.waiting.has(taker)) return;
    this.waiting.add(taker);
    this.queue.push(taker);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pass();
    });
  }

  private pass(): void {
    const until = this.now() + BUDGET_MS;
    const round = this.queue;
    this.queue = [];
    let taken = 0;
    while (taken < round.length && this.now() < until) {
      const taker = round[taken];
      taken += 1;
      if (taker === undefined) continue;
      this.waiting.delete(taker);
      if (taker.takeTurn()) this.submit(taker);
    }
    // Those that got no turn come before those that had one.
    if (taken < round.length) this.queue = [...round.slice(taken), ...this.queue];
    if (this.queue.length > 0) this.schedule();
  }
}
