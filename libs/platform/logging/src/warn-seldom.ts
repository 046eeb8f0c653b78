import type { Logger } from './logger.js';

const EVERY_MS = 10_000;
const last = new Map<string, number>();

/** Warns of a lasting condition at most every 10 s, however many requests run into it. */
export const warnSeldom = (logger: Logger, condition: string, details: Readonly<Record<string, unknown>>): void => {
  const now = performance.now();
  const before = last.get(condition);
  if (before !== undefined && now - before < EVERY_MS) return;
  last.set(condition, now);
  logger.warn(details, condition);
};
