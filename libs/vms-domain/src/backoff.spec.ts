import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, lookAgainMs } from './backoff.js';

describe('waits', () => {
  it('grow with each failure to ten seconds, and begin with half a second', () => {
    expect([1, 2, 3, 4, 5, 6, 1_000].map(backoffMs)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('for a guest that takes its time grow with it, and end when its time is over', () => {
    expect([0, 5_000, 50_000, 3_000_000].map((age) => lookAgainMs(age, 600_000))).toEqual([
      1_000, 1_000, 5_000, 10_000,
    ]);
    expect(lookAgainMs(50_000, 700)).toBe(700);
    expect(lookAgainMs(50_000, 0.4)).toBe(100);
  });

  it('come to the end of its time in few looks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_600 }), (seconds) => {
        let [age, looks] = [0, 0];
        for (; age < seconds * 1_000; looks += 1) age += lookAgainMs(age, seconds * 1_000 - age);
        expect(looks).toBeLessThan(40 + seconds / 10);
        expect(age).toBeLessThan(seconds * 1_000 + 200);
      }),
    );
  });
});
