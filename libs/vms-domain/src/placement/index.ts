export * from './decide.js';
export * from './fleet.js';
export * from './groups.js';
export * from './huge-pages.js';
export * from './refused.js';
export * from './rules.js';
