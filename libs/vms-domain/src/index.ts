export * from './backoff.js';
export * from './lifecycle.js';
export * from './placement.js';
export * from './plan.js';
