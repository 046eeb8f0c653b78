import { setTimeout as delay } from 'node:timers/promises';
import type { SqlTransaction } from '@infinibay/platform-persistence';
import type { DueSource, TakenRow } from './due-rows.js';

const GIVE_BACK_MS = 1_000;

/** The right to act on a row, as long as its lease lasts. */
export interface Lease extends TakenRow {
  /** Rises with each lease: who acts with an older one is refused, here and on the host. */
  readonly fence: number;
}

export interface LeasedTableOptions<Row extends Lease> {
  /** Has the columns host_id, fence, lease_owner and lease_until. */
  readonly table: string;
  /** The primary key in code; its column is `id`. */
  readonly key: Exclude<keyof Row, keyof Lease> & string;
  /** Column with the time from which on a row is due; null: never. An index on it makes looking cheap. */
  readonly dueAt: string;
  /** Of this process alone: one that was killed does not own its former leases. */
  readonly owner: string;
  readonly leaseMs: number;
}

/**
 * Due rows that are worked on in several steps: one worker a row at a time, another takes over when it dies, and a
 * worker that was stopped meanwhile finds its fence refused. Names come from code, never from a user.
 */
export class LeasedTable<Row extends Lease> implements DueSource<Row> {
  private readonly leaseUntil: string;

  constructor(
    private readonly client: SqlTransaction,
    private readonly options: LeasedTableOptions<Row>,
  ) {
    this.leaseUntil = `now() + make_interval(secs => ${String(options.leaseMs / 1_000)}::float8)`;
  }

  /** Milliseconds until a row is due that nobody has; null: none will be. Rows under a lease are due when it ends. */
  async nextDueInMs(): Promise<number | null> {
    const { table, dueAt } = this.options;
    const [row] = await this.client.$queryRawUnsafe<{ ms: number | null }[]>(
      `SELECT (extract(epoch FROM min(greatest(${dueAt}, lease_until)) - now()) * 1000)::float8 AS ms
       FROM ${table} WHERE ${dueAt} IS NOT NULL`,
    );
    return row?.ms ?? null;
  }

  /** Makes rows due now that are not yet. */
  async makeDue(ids: readonly string[]): Promise<void> {
    const { table, dueAt } = this.options;
    await this.client.$executeRawUnsafe(
      `UPDATE ${table} SET ${dueAt} = now()
       WHERE id = ANY($1::uuid[]) AND (${dueAt} IS NULL OR ${dueAt} > now())`,
      [...ids],
    );
  }

  /** Leases of the rows that are due longest; none of hosts that are busy already. */
  async claim(limit: number, busyHosts: readonly string[]): Promise<Row[]> {
    const { table, key, dueAt, owner } = this.options;
    return this.client.$queryRawUnsafe<Row[]>(
      `UPDATE ${table} AS t SET fence = t.fence + 1, lease_owner = $1, lease_until = ${this.leaseUntil}
       FROM (SELECT id FROM ${table}
             WHERE ${dueAt} <= now() AND (lease_until IS NULL OR lease_until <= now()) AND NOT host_id = ANY($2::uuid[])
             ORDER BY ${dueAt} LIMIT $3::int FOR UPDATE SKIP LOCKED) AS d
       WHERE t.id = d.id
       RETURNING t.id AS "${key}", t.host_id AS "hostId", t.fence`,
      owner,
      [...busyHosts],
      limit,
    );
  }

  /**
   * Does the work and renews the lease meanwhile. Who has lost it learns that by the fence. Work that ended without having
   * said how (the database was away) gives the lease back as soon as it can, and not only by its end.
   */
  async hold<T>(row: Row, work: () => Promise<T>): Promise<T> {
    const renewal = setInterval(() => void this.renew(row).catch(() => false), this.options.leaseMs / 3);
    try {
      return await work();
    } catch (error) {
      void this.giveBack(row);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /** After a pause, so that work which fails at once is not begun again at once. Given up when the lease has ended by itself. */
  private async giveBack(row: Row): Promise<void> {
    const { table, key, owner, leaseMs } = this.options;
    for (let waitedMs = 0; waitedMs < leaseMs; waitedMs += GIVE_BACK_MS) {
      await delay(GIVE_BACK_MS, undefined, { ref: false });
      const isDone = await this.client
        .$executeRawUnsafe(
          `UPDATE ${table} SET lease_until = NULL WHERE id = $1::uuid AND fence = $2::int AND lease_owner = $3`,
          row[key],
          row.fence,
          owner,
        )
        .then(
          () => true,
          () => false,
        );
      if (isDone) return;
    }
  }

  /** @returns false when another worker has taken over. */
  async renew(row: Row): Promise<boolean> {
    const { table, key, owner } = this.options;
    const renewed = await this.client.$executeRawUnsafe(
      `UPDATE ${table} SET lease_until = ${this.leaseUntil} WHERE id = $1::uuid AND fence = $2::int AND lease_owner = $3`,
      row[key],
      row.fence,
      owner,
    );
    return renewed === 1;
  }
}
