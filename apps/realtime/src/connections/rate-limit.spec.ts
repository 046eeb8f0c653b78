import { describe, expect, it } from '@jest/globals';
import { RateLimit } from './rate-limit.js';

describe(RateLimit.name, () => {
  it('lets a burst pass and then the steady rate, each key for itself', () => {
    let now = 0;
    const limit = new RateLimit({ perSecond: 10, burst: 5 }, () => now);
    const take = (key: string, times: number): number =>
      Array.from({ length: times }, () => limit.take(key)).filter(Boolean).length;
    expect([take('a', 20), take('b', 3)]).toEqual([5, 3]);
    now = 1_000;
    expect(take('a', 20)).toBe(5);
    now = 1_200;
    expect(take('a', 20)).toBe(2);
  });

  it('stays bounded with a million keys', () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 }, () => 0);
    for (let key = 0; key < 100_000; key += 1) limit.take(String(key));
    expect(Reflect.get(limit, 'wholeAt')).toHaveProperty('size', expect.any(Number));
    expect((Reflect.get(limit, 'wholeAt') as Map<string, number>).size).toBeLessThanOrEqual(10_000);
  });
});
