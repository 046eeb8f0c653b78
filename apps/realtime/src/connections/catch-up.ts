import { setTimeout as delay } from 'node:timers/promises';
import type { Actor } from '@infinibay/contracts';

/** Questions that are under way at once. */
const AT_ONCE = 64;
/** How long users may answer about nobody: it has to come back too. */
const SILENCE_MS = 5_000;
/** Between two rounds of questions. */
const PAUSE_MS = 250;

export interface SessionsToAsk {
  /** Those that are not answered about yet, one for each session. */
  readonly left: () => readonly Actor[];
  /** Resolves with whether it was answered; never rejects. */
  readonly ask: (actor: Actor) => Promise<boolean>;
  /** Whether they are still to be asked about: after another absence of NATS all begins anew. */
  readonly areWanted: () => boolean;
}

/** A clock that nobody sets, in milliseconds. */
export interface CatchUpClock {
  now(): number;
  pause(forMs: number): Promise<void>;
}

const ownClock: CatchUpClock = { now: () => performance.now(), pause: (forMs) => delay(forMs) };

/**
 * Asks about all sessions after an absence of NATS, again where users is not back yet. All events wait for it: so it ends
 * when users has answered about nobody for 5 s, and after `mostMs` however many it answers about, one now and then.
 */
export class CatchUp {
  constructor(
    private readonly mostMs: number,
    private readonly clock: CatchUpClock = ownClock,
  ) {}

  async run({ left, ask, areWanted }: SessionsToAsk): Promise<void> {
    const since = this.clock.now();
    let heardAt = since;
    const goesOn = (): boolean => {
      const now = this.clock.now();
      return areWanted() && now - heardAt <= SILENCE_MS && now - since <= this.mostMs;
    };
    const askInTurn = async (actors: Iterable<Actor>): Promise<void> => {
      for (const actor of actors) {
        if (!goesOn()) return;
        if (await ask(actor)) heardAt = this.clock.now();
      }
    };
    for (let actors = left(); actors.length > 0 && goesOn(); actors = left()) {
      const shared = actors.values();
      await Promise.all(Array.from({ length: AT_ONCE }, () => askInTurn(shared)));
      if (left().length > 0) await this.clock.pause(PAUSE_MS);
    }
  }
}
