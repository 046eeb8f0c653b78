import type { SqlTransaction } from '@infinibay/platform-persistence';
import type { DueSource, TakenRow } from './due-rows.js';

/** Longer than a call to a host takes: a row that was taken comes back only when its taker is gone. */
export const CLAIM_SECONDS = 30;

const MAX_BACKOFF_SECONDS = 60;

/** SQL: when a row with so many failed attempts is tried again: after 1 s, doubled each time, 60 s at most. */
export const nextAttempt = (attempts: string): string =>
  `now() + make_interval(secs => least(${String(MAX_BACKOFF_SECONDS)}::float8, power(2, least(${attempts}, 10))))`;

export interface DueTableOptions<Row extends TakenRow> {
  readonly table: string;
  /** Columns of the primary key, by the names that they have in code. With `hostId`, if that is part of it. */
  readonly key: Readonly<Record<Exclude<keyof Row, 'hostId'> & string, string>>;
  /** Column with the time from which on a row is due; null: never. An index on it makes looking cheap. */
  readonly dueAt: string;
  /** SQL condition that a due row meets too. */
  readonly where?: string;
  /** After so many seconds a row that was taken is due again, whatever became of its taker. */
  readonly claimSeconds?: number;
}

/**
 * Due rows of one table with a column `host_id`. Who takes a row moves its due time ahead in the same statement, so that
 * nobody else takes it, and a taker that dies gives it back by doing nothing. Names come from code, never from a user.
 */
export class DueTable<Row extends TakenRow> implements DueSource<Row> {
  private readonly due: string;

  constructor(
    private readonly client: SqlTransaction,
    private readonly options: DueTableOptions<Row>,
  ) {
    this.due = options.where ?? 'true';
  }

  /** Milliseconds until a row is due, 0 or less when one is; null: none will be. */
  async nextDueInMs(): Promise<number | null> {
    const { table, dueAt } = this.options;
    const [row] = await this.client.$queryRawUnsafe<{ ms: number | null }[]>(
      `SELECT (extract(epoch FROM min(${dueAt}) - now()) * 1000)::float8 AS ms FROM ${table} WHERE ${this.due}`,
    );
    return row?.ms ?? null;
  }

  /** Takes the rows that are due longest for this instance alone; none of hosts that are busy already. */
  async claim(limit: number, busyHosts: readonly string[]): Promise<Row[]> {
    const { table, dueAt, claimSeconds = CLAIM_SECONDS } = this.options;
    const key: readonly (readonly [string, string])[] = Object.entries({ ...this.options.key, hostId: 'host_id' });
    const columns = key.map(([, column]) => column);
    return this.client.$queryRawUnsafe<Row[]>(
      `UPDATE ${table} AS t SET ${dueAt} = now() + make_interval(secs => $1::float8)
       FROM (SELECT ${columns.join(', ')} FROM ${table}
             WHERE ${dueAt} <= now() AND ${this.due} AND NOT host_id = ANY($2::uuid[])
             ORDER BY ${dueAt} LIMIT $3::int FOR UPDATE SKIP LOCKED) AS d
       WHERE ${columns.map((column) => `t.${column} = d.${column}`).join(' AND ')}
       RETURNING ${key.map(([name, column]) => `t.${column} AS "${name}"`).join(', ')}`,
      claimSeconds,
      [...busyHosts],
      limit,
    );
  }
}
