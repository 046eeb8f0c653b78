import { setTimeout as delay } from 'node:timers/promises';

/** What became of a load's messages. */
export interface LoadCounts {
  sent: number;
  answered: number;
  /** Answered with an error, or cut off. */
  refused: number;
}

/** Works until the signal comes; what it opened is closed by then. */
export type Load = (signal: AbortSignal, counts: LoadCounts) => Promise<void>;

export interface Attacker {
  readonly description: string;
  /** As busy as the attack, with what a well-meaning client of the same kind does. */
  readonly harmless: Load;
  readonly worst: Load;
}

export interface Pace {
  readonly perSecond: number;
  /** No more than these wait for an answer at a time. */
  readonly inFlight: number;
}

/**
 * Sends at a fixed pace, so that the attack and the harmless load are equally busy however fast each is answered.
 * @param once sends one message and resolves with whether it was answered well
 */
export const paced =
  (pace: Pace, once: (index: number, signal: AbortSignal) => Promise<boolean>): Load =>
  async (signal, counts) => {
    const waiting = new Set<Promise<void>>();
    const send = async (index: number): Promise<void> => {
      counts.sent += 1;
      const well = await once(index, signal).catch(() => false);
      if (signal.aborted) return;
      if (well) counts.answered += 1;
      else counts.refused += 1;
    };
    for (let index = 0; !signal.aborted; index += 1) {
      if (waiting.size < pace.inFlight) {
        const work = send(index).finally(() => waiting.delete(work));
        waiting.add(work);
      }
      await delay(1_000 / pace.perSecond, undefined, { signal }).catch(() => undefined);
    }
    await Promise.allSettled(waiting);
  };
