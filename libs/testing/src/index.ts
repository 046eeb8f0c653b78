export * from './cpu-time.js';
export * from './patience.js';
export * from './poll-until.js';
export * from './test-database.js';
export * from './test-hypervisor.js';
export * from './test-nats.js';
