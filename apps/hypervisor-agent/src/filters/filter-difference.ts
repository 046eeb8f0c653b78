import type { FilterDifference } from '@infinibay/contracts';

/** The contract bounds a line, and a path. */
const LONGEST_LINE = 1_000;
const LONGEST_PATH = 200;
const shown = (line: string | null): string | null => line?.slice(0, LONGEST_LINE) ?? null;

/** @param expected, actual null: nothing */
export const difference = (path: string, expected: string | null, actual: string | null): FilterDifference => ({
  path: path.slice(0, LONGEST_PATH),
  expected: shown(expected),
  actual: shown(actual),
});
