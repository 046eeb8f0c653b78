export * from './actions/index.js';
export type { AnyAction, Task, TaskAction, Wish, WishAction } from './actions/define.js';
export type { FlagOption, IntegerOption, Options, Parameters } from './actions/options.js';
export * from './backoff.js';
export * from './lifecycle.js';
export * from './placement/index.js';
export * from './plan.js';
export * from './planning.js';
export * from './registry.js';
