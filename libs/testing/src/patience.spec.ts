import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PatientDeadline, loadNow, patience } from './patience.js';

describe('on a machine whose slowness was measured', () => {
  const before = process.env['INFINIBAY_TEST_SLOWNESS'];
  const measured = (value: string): void => {
    process.env['INFINIBAY_TEST_SLOWNESS'] = value;
  };
  let now = 0;
  let load = 1;
  beforeEach(() => {
    now = 0;
    load = 1;
  });
  afterEach(() => {
    if (before === undefined) delete process.env['INFINIBAY_TEST_SLOWNESS'];
    else process.env['INFINIBAY_TEST_SLOWNESS'] = before;
  });
  /** Milliseconds of a virtual clock, looked at every 10, until the deadline has passed. */
  const passesAfter = (timeoutMs: number): number => {
    const sut = new PatientDeadline(timeoutMs, { now: () => now, load: () => load });
    while (!sut.hasPassed()) now += 10;
    return now;
  };

  it.each([
    ['1', 3_000],
    ['2.5', 7_500],
    ['', 3_000],
    ['nonsense', 3_000],
    ['0.2', 3_000],
  ])('time limits are generous, and grow with it (%s)', (slowness, expected) => {
    measured(slowness);
    expect(patience(1_000)).toBe(expected);
    expect(passesAfter(1_000)).toBe(expected);
  });

  it('a deadline waits for a machine that got busier since, and not twice for one that was busy before', () => {
    measured('2');
    load = 4;
    expect(passesAfter(1_000)).toBe(12_000);
    now = 0;
    load = 1.5;
    expect(passesAfter(1_000)).toBe(6_000);
  });
});

describe(loadNow, () => {
  it('is a finite number from one on', () => {
    const load = loadNow();
    expect(load).toBeGreaterThanOrEqual(1);
    expect(Number.isFinite(load)).toBe(true);
  });
});
