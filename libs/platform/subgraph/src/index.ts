export * from './audit.log.js';
export * from './state-change.js';
export * from './vm-fence.js';
export * from './host-failure.js';
export * from './references.js';
export * from './uuids.js';
export * from './idempotency-key.js';
