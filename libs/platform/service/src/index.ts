export * from './correlation.middleware.js';
export * from './http-error.filter.js';
export * from './http-failure.js';
export * from './prepare-http.js';
export * from './platform.module.js';
export * from './run-service.js';
