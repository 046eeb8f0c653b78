import { describe, expect, it } from '@jest/globals';

import { add, closingLine, ONE_FAILED, ONE_PASSED, ONE_SKIPPED, parseCargoCounts, parseJestReport } from './counts.ts';

describe('counts of a test run', () => {
  it('close with a line that names skipped tests only when there are some', () => {
    expect(closingLine(add(ONE_PASSED, ONE_PASSED, ONE_FAILED))).toBe('2 passed, 1 failed');
    expect(closingLine(add(ONE_PASSED, ONE_SKIPPED))).toBe('1 passed, 0 failed, 1 skipped');
  });

  it('add up the results of all crates', () => {
    const output =
      'running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured\n\ntest result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured';
    expect(parseCargoCounts(output)).toEqual({ passed: 5, failed: 1, skipped: 2 });
  });

  it('are unknown when cargo did not get to testing', () => {
    expect(parseCargoCounts('error: could not compile `x`')).toBeUndefined();
  });

  it('of jest are read from a report, however far it came', () => {
    const report = {
      complete: false,
      passed: 3,
      failed: 1,
      skipped: 1,
      running: ['a.spec.ts'],
      finished: ['b.spec.ts'],
      failures: ['b.spec.ts: b fails: Error: wrong'],
    };
    expect(parseJestReport(JSON.stringify(report))).toEqual(report);
    expect(parseJestReport('{"complete":true}')).toMatchObject({ complete: true, failed: 0, failures: [] });
    expect(parseJestReport('{}')).toBeUndefined();
  });
});
