import type { Actor } from '@infinibay/contracts';

interface Waiting {
  readonly actor: Actor;
  readonly dueAt: number;
}

/** Sessions in the order in which they are to be looked at again: each has its turn, however many there are. */
export class RecheckQueue {
  /** By session; what is put last is due last. */
  private readonly waiting = new Map<string, Waiting>();
  /** Those that come before all others. */
  private readonly urgent = new Map<string, Actor>();
  /** Those that stay urgent until they are answered about, and since when. */
  private readonly doubtful = new Map<string, number>();

  /**
   * @param everyMs after a look, or after it was put here
   * @param now a clock that nobody sets, in milliseconds
   */
  constructor(
    private readonly everyMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Leaves a session in its place that is here already: connections that come all the time put nothing off. */
  add(actor: Actor): void {
    if (!this.waiting.has(actor.sessionId)) this.put(actor);
  }

  /** It is due now, whatever waits, and again when it could not be looked at. */
  hasten(actor: Actor): void {
    this.doubtful.set(actor.sessionId, this.now());
    this.urgent.set(actor.sessionId, actor);
  }

  /** @param askedAt on this queue's clock: the answer to an older question is of before the doubt */
  answered({ sessionId }: Actor, askedAt: number): void {
    if (askedAt >= (this.doubtful.get(sessionId) ?? Infinity)) this.doubtful.delete(sessionId);
  }

  failed(actor: Actor): void {
    if (this.doubtful.has(actor.sessionId)) this.urgent.set(actor.sessionId, actor);
  }

  private put(actor: Actor): void {
    this.urgent.delete(actor.sessionId);
    this.waiting.delete(actor.sessionId);
    this.waiting.set(actor.sessionId, { actor, dueAt: this.now() + this.everyMs });
  }

  /** Forgets the sessions of which this does not hold. */
  keep(isWanted: (sessionId: string) => boolean): void {
    for (const known of [this.waiting, this.urgent, this.doubtful])
      for (const sessionId of known.keys()) if (!isWanted(sessionId)) known.delete(sessionId);
  }

  /** The first that are due, at most so many; they are put at the end. */
  take(most: number): Actor[] {
    const taken = [...this.urgent.values()].slice(0, Math.max(0, most));
    for (const { actor, dueAt } of this.waiting.values()) {
      if (taken.length >= most || dueAt > this.now()) break;
      if (!this.urgent.has(actor.sessionId)) taken.push(actor);
    }
    for (const actor of taken) this.put(actor);
    return taken;
  }
}
