import type { SqlTransaction } from '@infinibay/platform-persistence';

/** Rows that are of no more use after a while. Names come from code, never from a user. */
export interface KeptRows {
  readonly table: string;
  /** SQL: since when the row is of no use but for looking at; null: it still is. An index on it makes pruning cheap. */
  readonly endedAt: string;
  readonly keepHours: number;
}

/** Small enough that writers of the same table are never held up for long. */
export const PRUNE_BATCH = 1_000;

/** Deletes old rows of a table, a batch at most. Instances that do it at once take different rows. @returns how many */
export const pruneBatch = async (client: SqlTransaction, { table, endedAt, keepHours }: KeptRows): Promise<number> =>
  client.$executeRawUnsafe(
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM ${table} WHERE ${endedAt} < now() - make_interval(hours => $1::int)
       LIMIT ${String(PRUNE_BATCH)} FOR UPDATE SKIP LOCKED))`,
    keepHours,
  );
