import { outageRows } from './outage-rows.ts';
import { raceRow } from './race-row.ts';
import type { Row } from './row.ts';
import { stepRows } from './step-rows.ts';

const QUICK_SCHEDULES = 5;

export interface Selection {
  /** Only the rows that every run of the tests has. */
  readonly quick: boolean;
  /** Only rows whose name has this in it. */
  readonly only: string | undefined;
  readonly schedules: number;
  readonly seed: number;
}

/** Rows in the order in which they are run. @throws Error when none is meant */
export const rowsOf = ({ quick, only, schedules, seed }: Selection): Row[] => {
  const all = [...stepRows(), ...outageRows(), raceRow(quick ? QUICK_SCHEDULES : schedules, seed, true)];
  const rows = all.filter((row) => (row.quick || !quick) && (only === undefined || row.name.includes(only)));
  if (rows.length === 0) throw new Error(`no row has ${only ?? ''} in its name`);
  return rows;
};
