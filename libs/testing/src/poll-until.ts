import { setTimeout as delay } from 'node:timers/promises';

export interface PollOptions {
  /** 10,000 when left out. */
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
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (isAnswer(value)) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) {
      throw new Error(`gave up waiting for ${options.what ?? 'a condition'} after ${timeoutMs} ms`, { cause });
    }
    await delay(options.intervalMs ?? 25);
  }
};

const isAnswer = <T>(value: T): value is Exclude<T, undefined | null | false> =>
  value !== undefined && value !== null && value !== false;
