import { describe, expect, it } from '@jest/globals';
import { holdsFor, pollUntil } from './poll-until.js';

describe(pollUntil, () => {
  it('returns the first answer, however falsy a number or a text is', async () => {
    const answers = [undefined, false, null, 0];
    await expect(pollUntil(() => answers.shift(), { intervalMs: 1 })).resolves.toBe(0);
  });

  it('gives up at the deadline with the last error as the cause', async () => {
    const failure = new Error('not yet');
    const waiting = pollUntil(() => Promise.reject(failure), { timeoutMs: 20, intervalMs: 1, what: 'the moon' });
    await expect(waiting).rejects.toMatchObject({
      message: expect.stringMatching(/^gave up waiting for the moon after \d+ ms$/),
      cause: failure,
    });
  });
});

describe(holdsFor, () => {
  it('looks more than once, and fails when it is no longer so', async () => {
    const answers = [true, true, false];
    const looking = holdsFor(60_000, () => answers.shift() ?? true, 'all is well');
    await expect(looking).rejects.toThrow('it did not hold that all is well');
    expect(answers).toEqual([]);
    await holdsFor(1, () => true, 'one is one');
  });
});
