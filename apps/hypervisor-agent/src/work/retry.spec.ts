import { describe, expect, it } from '@jest/globals';
import { retryUntilDone } from './retry.js';

describe(retryUntilDone.name, () => {
  it('waits twice as long after each failure, up to the longest wait, and ends with success', async () => {
    const waits: number[] = [];
    const options = { firstMs: 1, longestMs: 5, signal: new AbortController().signal };
    const work = () => (waits.length < 5 ? Promise.reject(new Error('not yet')) : Promise.resolve());
    await retryUntilDone(work, { ...options, onFailed: (_error, waitMs) => waits.push(waitMs) });
    expect(waits).toEqual([1, 2, 4, 5, 5]);
  });

  it('ends at once when it is called off while it waits', async () => {
    const stopping = new AbortController();
    let attempts = 0;
    const work = () => Promise.reject(new Error(`attempt ${(attempts += 1)}`));
    await retryUntilDone(work, {
      firstMs: 60_000,
      longestMs: 60_000,
      signal: stopping.signal,
      onFailed: () => setImmediate(() => stopping.abort()),
    });
    expect(attempts).toBe(1);
  });

  it('says nothing of a failure after it was called off', async () => {
    const stopping = new AbortController();
    const failures: unknown[] = [];
    const work = () => {
      stopping.abort();
      return Promise.reject(new Error('gone'));
    };
    const options = { firstMs: 1, longestMs: 1, signal: stopping.signal };
    await retryUntilDone(work, { ...options, onFailed: (error) => failures.push(error) });
    expect(failures).toEqual([]);
  });
});
