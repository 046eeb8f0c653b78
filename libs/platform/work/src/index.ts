export { Dispatcher, type DueWork } from './dispatcher.js';
export { dueRows, type DueRows } from './due-rows.js';
export { CLAIM_SECONDS, DueTable, nextAttempt } from './due-table.repository.js';
export { LeasedTable, type Lease } from './leased-table.repository.js';
export { Worker } from './worker.js';
