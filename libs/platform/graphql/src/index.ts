export * from './context.js';
export * from './format-error.js';
export * from './subgraph.module.js';
export * from './validate-input.js';
export * from './pagination.js';
