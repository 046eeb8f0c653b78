import type { Actor } from '@infinibay/contracts';

interface Waiting {
  readonly actor: Actor;
  readonly dueAt: number;
}

/** Sessions in the order in which they are to be looked at again: each has its turn, however many there are. */
export class RecheckQueue {
  /** By session; what is put last is due last. */
  private readonly waiting = new Map<string, Waiting>();

  /**
   * @param everyMs after a look, or after it was put here
   * @param now a clock that nobody sets, in milliseconds
   */
  constructor(
    private readonly everyMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  put(actor: Actor): void {
    this.waiting.delete(actor.sessionId);
    this.waiting.set(actor.sessionId, { actor, dueAt: this.now() + this.everyMs });
  }

  /** Forgets the sessions of which this does not hold. */
  keep(isWanted: (sessionId: string) => boolean): void {
    for (const sessionId of this.waiting.keys()) if (!isWanted(sessionId)) this.waiting.delete(sessionId);
  }

  /** The first that are due, at most so many; they are put at the end. */
  take(most: number): Actor[] {
    const taken: Actor[] = [];
    for (const { actor, dueAt } of this.waiting.values()) {
      if (taken.length >= most || dueAt > this.now()) break;
      taken.push(actor);
    }
    for (const actor of taken) this.put(actor);
    return taken;
  }
}
