import { describe, expect, it } from '@jest/globals';
import { pollUntil } from './polling.ts';

describe(pollUntil.name, () => {
  it('goes on while there is no answer, and takes a no for none', async () => {
    const answers = [undefined, false, 'yes'];
    let asked = 0;
    const probe = (): string | false | undefined => answers[asked++] as string | false | undefined;
    expect(await pollUntil(probe, { timeoutMs: 60_000, intervalMs: 1, what: 'a yes' })).toBe('yes');
    expect(asked).toBe(3);
  });

  it('says what it has waited for', async () => {
    const never = pollUntil(() => false, { timeoutMs: 0, what: 'a yes' });
    await expect(never).rejects.toThrow('gave up waiting for a yes');
  });
});
