// Writes the totals of a jest run. jest's own --json writes whole errors as well, and fails on those that refer to themselves.
const { writeFileSync } = require('node:fs');

const TOTALS = ['numTotalTests', 'numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests'];

module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const names = [...TOTALS, 'numRuntimeErrorTestSuites'];
    const totals = Object.fromEntries(names.map((name) => [name, results[name]]));
    writeFileSync(process.env.INFINIBAY_JEST_REPORT, JSON.stringify(totals));
  }
};
