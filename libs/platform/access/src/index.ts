export * from './internal-token.js';
export * from './access-token.js';
export * from './actor-resolver.js';
export * from './session-cache.js';
export * from './session-source.js';
export * from './signing-key-cache.js';
