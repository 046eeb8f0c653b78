import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { parseJestReport } from './counts.ts';

interface TestFile {
  readonly path: string;
}

/** As jest calls it. */
interface Reporter {
  onTestFileStart(test: TestFile): void;
  onTestCaseResult(test: TestFile, result: object): void;
  onTestFileResult(test: TestFile, result: object): void;
}

const CountReporter = createRequire(import.meta.url)('./count-reporter.cjs') as new () => Reporter;

describe('the count reporter', () => {
  const { INFINIBAY_JEST_REPORT: ofThisRun } = process.env;
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'infinibay-report-'));
    file = path.join(folder, 'report.json');
    process.env['INFINIBAY_JEST_REPORT'] = file;
  });
  afterEach(() => {
    process.env['INFINIBAY_JEST_REPORT'] = ofThisRun ?? '';
    rmSync(folder, { recursive: true, force: true });
  });

  const test = { path: path.resolve('a.spec.ts') };
  const report = () => parseJestReport(readFileSync(file, 'utf8'));

  it('names a test that failed at once, with the first line of its reason', () => {
    const sut = new CountReporter();
    sut.onTestFileStart(test);
    sut.onTestCaseResult(test, { status: 'passed', fullName: 'a passes', failureMessages: [] });
    sut.onTestCaseResult(test, { status: 'failed', fullName: 'a fails', failureMessages: ['Error: wrong\n  at a'] });
    sut.onTestCaseResult(test, { status: 'failed', fullName: 'a says nothing', failureMessages: [] });
    expect(report()).toMatchObject({
      passed: 1,
      failed: 2,
      running: ['a.spec.ts'],
      failures: ['a.spec.ts: a fails: Error: wrong', 'a.spec.ts: a says nothing: '],
    });
  });

  it('names a file that could not be loaded', () => {
    const sut = new CountReporter();
    const none = { numPassingTests: 0, numFailingTests: 0, numPendingTests: 0, numTodoTests: 0 };
    sut.onTestFileStart(test);
    sut.onTestFileResult(test, {
      ...none,
      testExecError: { message: 'broken', stack: '\nSyntaxError: broken\n  at a' },
    });
    expect(report()).toMatchObject({ failed: 1, running: [], failures: ['a.spec.ts: SyntaxError: broken'] });
  });
});
