import { describe, expect, it } from '@jest/globals';

import type { Phase } from './phase.ts';
import { judge, median } from './verdict.ts';

const LIMITS = { users: 384, vms: 384 };

const phaseWith = (change: { noticed?: Partial<Phase['noticed']>; health?: Partial<Phase['health']> }): Phase => ({
  noticed: { query: [10, 12, 11], login: [50], createVm: [900, 1_000], event: [20], failures: [], ...change.noticed },
  health: { peakMib: { users: 200, vms: 300 }, died: [], newEvents: 60, ...change.health },
  load: { sent: 100, answered: 90, refused: 10 },
});

const brokenBy = (attack: Phase): readonly string[] => judge(phaseWith({}), attack, LIMITS).broken;

describe(judge.name, () => {
  it('finds nothing broken when others notice little', () => {
    expect(brokenBy(phaseWith({ noticed: { query: [30, 31, 32] } }))).toEqual([]);
  });

  it.each([
    ['a slow query', { noticed: { query: [40] } }, /^query took 3\.6 times/],
    ['a slow login', { noticed: { login: [151] } }, /^login took/],
    ['a slow creation', { noticed: { createVm: [9_000] } }, /^createVm took/],
    ['a late event', { noticed: { event: [61] } }, /^event took/],
    ['a failed request', { noticed: { failures: ['query: no', 'query: no'] } }, /query: no \(2 times\)/],
    ['no answer at all', { noticed: { query: [] } }, /no query/],
    ['no running VM', { noticed: { createVm: [] } }, /no VM/],
    ['a service that ended', { health: { died: ['vms'] } }, /vms did not survive/],
    ['too much memory', { health: { peakMib: { users: 385 } } }, /users took 385 MiB/],
    ['a service without a limit', { health: { peakMib: { other: 1 } } }, /other took/],
    ['a growing stream', { health: { newEvents: 381 } }, /stream of events grew/],
  ])('tells %s', (_what, change, expected) => {
    expect(brokenBy(phaseWith(change)).some((promise) => expected.test(promise))).toBe(true);
  });
});

describe(median.name, () => {
  it('is the middle, whatever the order and number', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
