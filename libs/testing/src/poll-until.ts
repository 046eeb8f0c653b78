import { setTimeout as delay } from 'node:timers/promises';
import { PatientDeadline } from './patience.js';

export interface PollOptions {
  /** 10,000 when left out. For a quiet machine: a slow or busy one gets more, see {@link PatientDeadline}. */
  readonly timeoutMs?: number;
  /** 25 when left out. */
  readonly intervalMs?: number;
  /** Completes the sentence "gave up waiting for ...". */
  readonly what?: string;
}

/**
 * Calls `probe` until it returns something other than undefined, null or false, and returns that.
 * A probe that throws is asked again; its last error is the cause of the one thrown at the deadline.
 */
export const pollUntil = async <T>(
  probe: () => Promise<T> | T,
  options: PollOptions = {},
): Promise<Exclude<T, undefined | null | false>> => {
  const deadline = new PatientDeadline(options.timeoutMs ?? 10_000);
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (isAnswer(value)) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (deadline.hasPassed()) {
      throw new Error(`gave up waiting for ${options.what ?? 'a condition'} after ${deadline.elapsedMs} ms`, { cause });
    }
    await delay(options.intervalMs ?? 25);
  }
};

/**
 * Looks for a while that something goes on being so, where no event tells that nothing comes.
 * @throws Error as soon as `probe` returns false
 */
export const holdsFor = async (forMs: number, probe: () => Promise<boolean> | boolean, what: string): Promise<void> => {
  const until = performance.now() + forMs;
  do {
    if (!(await probe())) throw new Error(`it did not hold that ${what}`);
    await delay(Math.min(25, forMs));
  } while (performance.now() < until);
};

const isAnswer = <T>(value: T): value is Exclude<T, undefined | null | false> =>
  value !== undefined && value !== null && value !== false;
