import { describe, expect, it } from '@jest/globals';
import { CpuSet, areWithin, countOfCpus, cpuSetOf, rangesOf, rangesOfNumbers } from './cpu-set.js';

describe('a set of CPUs', () => {
  it.each(['0', '0-3,8', '8,0-3', '3-3', '0-9999'])('may be written as %s', (set) => {
    expect(CpuSet.safeParse(set).success).toBe(true);
  });

  it.each(['', ' 1', '1,', '1--2', '3-1', '^2', '0-3,^2', '12345', 'all', `0${',1'.repeat(256)}`])(
    'may not be written as %j',
    (set) => {
      expect(CpuSet.safeParse(set).success).toBe(false);
    },
  );

  it('is the same text when it has the same numbers', () => {
    for (const set of ['0-3,8', '8,3,2,1,0', '0-1,1-3,8-8']) expect(cpuSetOf(rangesOf(set))).toBe('0-3,8');
    expect(cpuSetOf(rangesOfNumbers([5, 4, 0]))).toBe('0,4-5');
    expect(countOfCpus(rangesOf('0-3,2-4,8'))).toBe(6);
  });

  it('is within another when all of its numbers are', () => {
    const host = rangesOf('0-3,8-11');
    expect(['0', '1-3,9', '8-11'].map((set) => areWithin(rangesOf(set), host))).toEqual([true, true, true]);
    expect(['4', '3-8', '0,12'].map((set) => areWithin(rangesOf(set), host))).toEqual([false, false, false]);
  });
});
