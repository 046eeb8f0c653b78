import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** Wait after the first failure; each further one doubles it, up to `longestMs`. */
  readonly firstMs: number;
  readonly longestMs: number;
  readonly signal: AbortSignal;
  readonly onFailed: (error: unknown, waitMs: number) => void;
}

/** Repeats work until it succeeds or is called off; a failure that comes after that is nobody's concern. Never rejects. */
export const retryUntilDone = async (work: () => Promise<unknown>, options: RetryOptions): Promise<void> => {
  const { firstMs, longestMs, signal, onFailed } = options;
  for (let waitMs = firstMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestMs)) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted) return;
      onFailed(error, waitMs);
    }
    await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
};
