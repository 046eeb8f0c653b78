import { describe, expect, it } from '@jest/globals';

import { isMet, regressions, type Goal } from './goals.ts';

const most = (value: number): Goal => ({ name: 'circles', value, limit: 2, good: 'at most', details: [] });
const least = (value: number): Goal => ({ name: 'specs', value, limit: 0.4, good: 'at least', details: [] });

describe(isMet, () => {
  it.each([
    [most(2), true],
    [most(3), false],
    [least(0.4), true],
    [least(0.39), false],
  ])('takes the limit itself as good: %j', (goal, met) => {
    expect(isMet(goal)).toBe(met);
  });
});

describe(regressions, () => {
  it('lets pass what is met, and what is missed as before or better', () => {
    expect(regressions([most(2), least(0.4)], {})).toEqual([]);
    expect(regressions([most(5), least(0.2)], { circles: 5, specs: 0.2 })).toEqual([]);
    expect(regressions([most(3), least(0.3)], { circles: 5, specs: 0.2 })).toEqual([]);
  });

  it('refuses a goal that is missed newly', () => {
    expect(regressions([most(3), least(0.3)], {})).toEqual([
      'circles: 3, the goal is at most 2',
      'specs: 0.3, the goal is at least 0.4',
    ]);
  });

  it('refuses what got worse', () => {
    expect(regressions([most(6), least(0.19)], { circles: 5, specs: 0.2 })).toEqual([
      'circles: 6 is worse than 5, which it had',
      'specs: 0.19 is worse than 0.2, which it had',
    ]);
  });

  it('refuses an entry that is no longer needed, or that names no goal', () => {
    expect(regressions([most(1)], { circles: 5, cirkles: 1 })).toEqual([
      'circles: 1 meets the goal now: remove its entry',
      'cirkles: no goal has this name: remove its entry',
    ]);
  });
});
