export * from './cpu-time.js';
export * from './mutation-schema.js';
export * from './patience.js';
export * from './poll-until.js';
export * from './replay.js';
export * from './test-database.js';
export * from './test-hypervisor.js';
export * from './test-nats.js';
