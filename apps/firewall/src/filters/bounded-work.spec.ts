import { describe, expect, it } from '@jest/globals';
import { BoundedWork } from './bounded-work.js';

describe(BoundedWork, () => {
  it('runs so many of a key at once, the others in turn, and refuses the rest', async () => {
    const sut = new BoundedWork(2, 3);
    const ends: (() => void)[] = [];
    const begin = () => sut.run('host', () => new Promise<void>((resolve) => ends.push(resolve)));
    const work = Array.from({ length: 5 }, begin);
    await expect(begin()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await sut.run('another host', () => Promise.resolve('at once'))).toBe('at once');
    for (const begun of [2, 3, 4, 5, 5]) {
      await new Promise(setImmediate);
      expect(ends).toHaveLength(begun);
      ends[begun - 2]?.();
      if (begun === 5) ends.forEach((end) => end());
    }
    await Promise.all(work);
    expect(await sut.run('host', () => Promise.resolve('again'))).toBe('again');
  });

  it('gives the place of work that failed to the next', async () => {
    const sut = new BoundedWork(1, 1);
    const failed = sut.run('host', () => Promise.reject(new Error('no')));
    const next = sut.run('host', () => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
