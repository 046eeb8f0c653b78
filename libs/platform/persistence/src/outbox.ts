import { eventSubject, type EventEnvelope } from '@infinibay/contracts';
import type { SqlClient, SqlTransaction } from './sql-client.js';

/** Writes events in the transaction of the change that they tell of; a relay publishes them after the commit. */
export const appendToOutbox = async (tx: SqlTransaction, events: readonly EventEnvelope[]): Promise<void> => {
  if (events.length === 0) return;
  await tx.$executeRawUnsafe(
    `INSERT INTO outbox (event_id, subject, payload)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::jsonb[])`,
    events.map((event) => event.id),
    events.map((event) => eventSubject(event)),
    events.map((event) => JSON.stringify(event)),
  );
};

export interface OutboxRow {
  readonly id: bigint;
  readonly event_id: string;
  readonly subject: string;
  readonly payload: EventEnvelope;
}

/**
 * Publishes waiting rows in order, then marks them, under a lock that one relay of the schema holds at a time,
 * so that order is kept with any number of instances. A crash in between publishes again: consumers deduplicate by event id.
 * @returns how many rows were published; 0 also when another instance holds the lock.
 */
export const relayOutbox = async (
  client: SqlClient,
  publish: (row: OutboxRow) => Promise<void>,
  limit = 200,
): Promise<number> =>
  client.$transaction(
    async (tx) => {
      const [lock] = await tx.$queryRawUnsafe<{ locked: boolean }[]>(
        `SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox')) AS locked`,
      );
      if (lock?.locked !== true) return 0;
      const rows = await tx.$queryRawUnsafe<OutboxRow[]>(
        `SELECT id, event_id, subject, payload FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1`,
        limit,
      );
      const done = await publishInOrder(rows, publish);
      if (done.length > 0) {
        await tx.$executeRawUnsafe(
          `UPDATE outbox SET published_at = now() WHERE id = ANY($1::bigint[])`,
          done.map(String),
        );
      }
      return done.length;
    },
    { maxWait: 5_000, timeout: 30_000 },
  );

/** Sends in order without waiting in between; from the first failure on, all rows stay waiting and are sent again. */
const publishInOrder = async (
  rows: readonly OutboxRow[],
  publish: (row: OutboxRow) => Promise<void>,
): Promise<bigint[]> => {
  const results = await Promise.allSettled(rows.map((row) => publish(row)));
  const firstFailure = results.findIndex((result) => result.status === 'rejected');
  return rows.slice(0, firstFailure === -1 ? rows.length : firstFailure).map((row) => row.id);
};

/** Events that wait, and for how long the oldest has. */
export const outboxLag = async (client: SqlTransaction): Promise<{ waiting: number; oldestSeconds: number }> => {
  const [row] = await client.$queryRawUnsafe<{ waiting: number; oldest: number | null }[]>(
    `SELECT count(*)::int AS waiting, extract(epoch FROM now() - min(created_at))::float8 AS oldest
     FROM outbox WHERE published_at IS NULL`,
  );
  return { waiting: row?.waiting ?? 0, oldestSeconds: row?.oldest ?? 0 };
};
