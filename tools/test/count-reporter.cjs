// Keeps the totals of a jest run, and what failed, in a file, anew after every test: a run that is cut has counted until then.
// jest's own --json comes at the end only, writes whole errors as well, and fails on those that refer to themselves.
const { renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const firstLine = (text) => (text ?? '').trim().split('\n')[0];

const KIND = { passed: 'passed', failed: 'failed' };

module.exports = class CountReporter {
  constructor() {
    this.file = process.env.INFINIBAY_JEST_REPORT;
    this.ended = { passed: 0, failed: 0, skipped: 0 };
    this.running = new Map();
    this.finished = [];
    this.failures = [];
  }

  name(test) {
    // jest is started in the repository's root.
    return path.relative(process.cwd(), test.path);
  }

  onTestFileStart(test) {
    this.running.set(this.name(test), { passed: 0, failed: 0, skipped: 0 });
    this.write(false);
  }

  onTestCaseResult(test, result) {
    const counts = this.running.get(this.name(test));
    if (counts === undefined) return;
    counts[KIND[result.status] ?? 'skipped'] += 1;
    if (result.status === 'failed')
      this.failures.push(`${this.name(test)}: ${result.fullName}: ${firstLine(result.failureMessages[0])}`);
    this.write(false);
  }

  onTestFileResult(test, result) {
    this.running.delete(this.name(test));
    this.finished.push(this.name(test));
    this.ended.passed += result.numPassingTests;
    const { testExecError: unloaded } = result;
    if (unloaded) this.failures.push(`${this.name(test)}: ${firstLine(unloaded.stack || unloaded.message)}`);
    // A file of tests that could not even be loaded counts as one failure.
    this.ended.failed += result.numFailingTests + (unloaded ? 1 : 0);
    this.ended.skipped += result.numPendingTests + result.numTodoTests;
    this.write(false);
  }

  onRunComplete() {
    this.write(true);
  }

  write(complete) {
    const counts = { ...this.ended };
    for (const one of this.running.values()) for (const kind of Object.keys(counts)) counts[kind] += one[kind];
    const { finished, failures } = this;
    const report = { complete, ...counts, running: [...this.running.keys()], finished, failures };
    // Renamed into its place: whoever kills this process in the middle finds the one before.
    writeFileSync(`${this.file}.new`, JSON.stringify(report));
    renameSync(`${this.file}.new`, this.file);
  }
};
