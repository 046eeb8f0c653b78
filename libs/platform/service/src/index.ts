export * from './correlation.middleware.js';
export * from './platform.module.js';
export * from './run-service.js';
