export * from './probe.js';
export * from './dependency-probes.js';
export * from './health.controller.js';
export * from './health-listener.js';
