export * from './sql-client.js';
export * from './database-options.js';
export * from './events.js';
export * from './outbox.js';
export * from './inbox.js';
export * from './idempotency.js';
export * from './uuid-v7.js';
export * from './database-now.js';
