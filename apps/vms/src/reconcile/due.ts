import type { Transaction } from '../database.js';

/** When something is due, by the clock that claims are made by: the database's. Those of the machines may differ by minutes. */
export const dueIn = async (tx: Pick<Transaction, '$queryRaw'>, waitMs = 0): Promise<Date> => {
  const [row] = await tx.$queryRaw<
    { at: Date }[]
  >`SELECT now() + make_interval(secs => ${waitMs / 1_000}::float8) AS at`;
  if (row === undefined) throw new Error('the database has no clock');
  return row.at;
};
