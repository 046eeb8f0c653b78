import { describe, expect, it } from '@jest/globals';
import { NewestOnly } from './newest-only.js';

/** What is handled waits until the test ends it. */
const held = () => {
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const sut = new NewestOnly<{ readonly name: string }>(({ name }) => {
    begun.push(name);
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    ends.push(resolve);
    return promise.then((error) => {
      if (error !== undefined) throw error;
    });
  });
  const take = (key: string, name: string) => sut.take(key, { name });
  return { take, begun, ends };
};
const soon = () => new Promise((resolve) => setImmediate(resolve));

describe(NewestOnly, () => {
  it('handles one of a key at a time, then the newest of those that came', async () => {
    const { take, begun, ends } = held();
    const first = take('host', 'a');
    for (const value of ['b', 'c', 'd']) await take('host', value);
    const other = take('other', 'x');
    expect(begun).toEqual(['a', 'x']);
    ends[0]?.();
    await soon();
    expect(begun).toEqual(['a', 'x', 'd']);
    ends[1]?.();
    ends[2]?.();
    await Promise.all([first, other]);
    const again = take('host', 'e');
    ends[3]?.();
    await again;
    expect(begun).toEqual(['a', 'x', 'd', 'e']);
  });

  it('handles the newest also where the one before failed', async () => {
    const { take, begun, ends } = held();
    const first = take('host', 'a');
    await take('host', 'b');
    ends[0]?.(new Error('no database'));
    await soon();
    ends[1]?.();
    await expect(first).rejects.toThrow('no database');
    expect(begun).toEqual(['a', 'b']);
  });
});
