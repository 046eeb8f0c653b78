// Writes the totals of a jest run. jest's own --json writes whole errors as well, and fails on those that refer to themselves.
const { writeFileSync } = require('node:fs');

module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const {
      numTotalTests,
      numPassedTests,
      numFailedTests,
      numPendingTests,
      numTodoTests,
      numRuntimeErrorTestSuites,
      success,
    } = results;
    const totals = {
      numPassedTests,
      numFailedTests,
      numPendingTests,
      numTodoTests,
      numRuntimeErrorTestSuites,
      success,
    };
    writeFileSync(process.env.INFINIBAY_JEST_REPORT, JSON.stringify(totals));
  }
};
