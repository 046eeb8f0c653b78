import { describe, expect, it } from '@jest/globals';

import { measureMachine, slownessOf } from './slowness.ts';

describe(slownessOf, () => {
  it.each([
    ['a quiet machine of reference', 1, 1, 1],
    ['a faster one', 1, 2, 1],
    ['one whose processors are shared by three', 1 / 3, 1, 3],
    ['a processor of half the speed', 1, 0.5, 2],
    ['both', 0.5, 0.5, 4],
    ['one that hardly comes forward', 0.001, 1, 8],
  ])('of %s', (_machine, share, speed, expected) => {
    expect(slownessOf({ share, speed })).toBe(expected);
  });

  it('can be told of this machine', () => {
    const measured = measureMachine();
    expect(measured.share).toBeGreaterThan(0);
    expect(measured.speed).toBeGreaterThan(0);
    expect(slownessOf(measured)).toBeGreaterThanOrEqual(1);
  });
});
