export * from './internal-token.js';
export * from './access-token.js';
export * from './actor-resolver.js';
