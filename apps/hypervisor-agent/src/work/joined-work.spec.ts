import { describe, expect, it } from '@jest/globals';
import { JoinedWorks } from './joined-work.js';

const LATER = Date.now() + 3_600_000;

describe(JoinedWorks, () => {
  it('lets whoever asks again join what is under way, and begins it anew once it was told of', async () => {
    const sut = new JoinedWorks(2);
    let begun = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    const begin = () => Promise.resolve({ work: (begun += 1) === 1 ? promise : Promise.resolve(begun) });
    const first = await sut.join('vm', 'take', begin);
    const second = await sut.join('vm', 'take', begin);
    expect(second).toBe(first);
    if (first === undefined) throw new Error('no place');
    expect(await sut.outcomeOf('vm', first, 0)).toBeUndefined();
    resolve(7);
    expect(await sut.outcomeOf('vm', first, LATER)).toEqual({ value: 7 });
    const third = await sut.join('vm', 'take', begin);
    expect(third).not.toBe(first);
    expect(begun).toBe(2);
  });

  it('tells a failure to all who wait for it, and not to who asks after that', async () => {
    const sut = new JoinedWorks(2);
    const { promise, reject } = Promise.withResolvers<number>();
    const first = await sut.join('vm', 'take', () => Promise.resolve({ work: promise }));
    if (first === undefined) throw new Error('no place');
    const waiting = [1, 2].map(() => sut.outcomeOf('vm', first, LATER));
    reject(new Error('full'));
    for (const one of waiting) await expect(one).rejects.toThrow('full');
    const next = await sut.join('vm', 'take', () => Promise.resolve({ work: Promise.resolve(1) }));
    expect(next).not.toBe(first);
  });

  it('refuses another work of the same key, and has no place for more than its limit', async () => {
    const sut = new JoinedWorks(1);
    const { promise, resolve } = Promise.withResolvers<number>();
    const begin = () => Promise.resolve({ work: promise });
    const first = await sut.join('vm', 'take', begin);
    await expect(sut.join('vm', 'delete', begin)).rejects.toMatchObject({ code: 'VM_BUSY' });
    expect(await sut.join('other', 'take', begin)).toBeUndefined();
    resolve(1);
    if (first === undefined) throw new Error('no place');
    await sut.outcomeOf('vm', first, LATER);
    expect(await sut.join('other', 'take', begin)).toBeDefined();
  });

  it('counts what is only being begun', async () => {
    const sut = new JoinedWorks(1);
    const { promise, resolve } = Promise.withResolvers<{ work: Promise<number> }>();
    const first = sut.join('vm', 'take', () => promise);
    expect(await sut.join('other', 'take', () => Promise.resolve({ work: Promise.resolve(2) }))).toBeUndefined();
    resolve({ work: Promise.resolve(1) });
    const joined = await first;
    if (joined === undefined) throw new Error('no place');
    expect(await sut.outcomeOf('vm', joined, LATER)).toEqual({ value: 1 });
    expect(await sut.join('other', 'take', () => Promise.resolve({ work: Promise.resolve(2) }))).toBeDefined();
  });

  it('keeps nothing of what could not be begun', async () => {
    const sut = new JoinedWorks(1);
    await expect(sut.join('vm', 'take', () => Promise.reject(new Error('off')))).rejects.toThrow('off');
    expect(await sut.join('vm', 'delete', () => Promise.resolve({ work: Promise.resolve(1) }))).toBeDefined();
  });
});
