import { describe, expect, it } from '@jest/globals';
import { pollUntil } from './poll-until.js';

describe(pollUntil, () => {
  it('returns the first answer, however falsy a number or a text is', async () => {
    const answers = [undefined, false, null, 0];
    await expect(pollUntil(() => answers.shift(), { intervalMs: 1 })).resolves.toBe(0);
  });

  it('gives up at the deadline with the last error as the cause', async () => {
    const failure = new Error('not yet');
    const waiting = pollUntil(() => Promise.reject(failure), { timeoutMs: 20, intervalMs: 1, what: 'the moon' });
    await expect(waiting).rejects.toMatchObject({
      message: 'gave up waiting for the moon after 20 ms',
      cause: failure,
    });
  });
});
