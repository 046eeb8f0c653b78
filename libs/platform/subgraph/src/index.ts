export * from './audit.log.js';
export * from './state-change.js';
export * from './state-change.module.js';
export * from './vm-fence.js';
export * from './host-failure.js';
export * from './uuids.js';
export { Retention } from './retention.js';
export type { KeptRows } from './retention.repository.js';
