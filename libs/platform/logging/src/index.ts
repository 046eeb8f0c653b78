export * from './request-context.js';
export * from './logger.js';
export { lostLogLines } from './log-destination.js';
export * from './warn-seldom.js';
