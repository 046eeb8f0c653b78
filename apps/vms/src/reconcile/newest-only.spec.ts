import { describe, expect, it } from '@jest/globals';
import { NewestOnly } from './newest-only.js';

/** What is handled waits until the test ends it. */
const held = () => {
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const sut = new NewestOnly<string>((value) => {
    begun.push(value);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    ends.push((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    return promise;
  });
  return { sut, begun, ends };
};
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe(NewestOnly, () => {
  it('handles one of a key at a time, then the newest of those that came', async () => {
    const { sut, begun, ends } = held();
    const first = sut.take('host', 'a');
    for (const value of ['b', 'c', 'd']) await sut.take('host', value);
    const other = sut.take('other', 'x');
    expect(begun).toEqual(['a', 'x']);
    ends[0]?.();
    await soon();
    expect(begun).toEqual(['a', 'x', 'd']);
    ends[1]?.();
    ends[2]?.();
    await Promise.all([first, other]);
    const again = sut.take('host', 'e');
    ends[3]?.();
    await again;
    expect(begun).toEqual(['a', 'x', 'd', 'e']);
  });

  it('handles the newest also where the one before failed', async () => {
    const { sut, begun, ends } = held();
    const first = sut.take('host', 'a');
    await sut.take('host', 'b');
    ends[0]?.(new Error('no database'));
    await soon();
    ends[1]?.();
    await expect(first).rejects.toThrow('no database');
    expect(begun).toEqual(['a', 'b']);
  });
});
