import { setTimeout as delay } from 'node:timers/promises';

import { StackError } from './stack-error.ts';

export interface PollOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  /** Completes the sentence "gave up waiting for ...". */
  readonly what: string;
}

/** Calls `probe` until it returns something other than undefined and false, and returns that; throws at the deadline. */
export async function pollUntil<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  options: PollOptions,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const value = await probe();
    if (isAnswer(value)) return value;
    if (Date.now() >= deadline)
      throw new StackError(`gave up waiting for ${options.what} after ${String(options.timeoutMs)} ms`);
    await delay(options.intervalMs ?? 25);
  }
}

const isAnswer = <T>(value: T): value is Exclude<T, undefined | false> => value !== undefined && value !== false;

/** As `pollUntil`, for a yes or no; returns false at the deadline. */
export async function becomesTrue(
  probe: () => Promise<boolean> | boolean,
  timeoutMs: number,
  intervalMs = 25,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() >= deadline) return false;
    await delay(intervalMs);
  }
  return true;
}
