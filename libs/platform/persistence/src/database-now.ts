import type { SqlTransaction } from './sql-client.js';

/**
 * The time by the database's clock, that of the transaction's start within one. Whatever is compared with a time of the
 * database or of another instance (leases, due times, expiries) is written with this and never with our own clock.
 */
export const databaseNow = async (tx: SqlTransaction): Promise<Date> => {
  const [row] = await tx.$queryRawUnsafe<{ now: Date }[]>('SELECT now() AS now');
  if (row === undefined) throw new Error('the database tells no time');
  return row.now;
};
