import { createLogger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { PoolClient, createTestDatabase, pollUntil, type TestDatabase } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Retention } from './retention.js';
import { PRUNE_BATCH, type KeptRows } from './retention.repository.js';
import { mutationRows } from './state-change.module.js';

const logger = createLogger({ service: 'test', level: 'fatal', format: 'json' });
const SETTINGS = { HISTORY_KEEP_DAYS: 90, AUDIT_KEEP_DAYS: 365 };
const TABLES = ['outbox', 'inbox', 'idempotency_keys', 'audit_log'] as const;

describe(Retention, () => {
  let database: TestDatabase;
  let client: PoolClient;

  beforeAll(async () => {
    database = await createTestDatabase('networks');
    client = new PoolClient(database.url);
  });
  afterEach(async () => {
    for (const table of TABLES) await client.$executeRawUnsafe(`DELETE FROM ${table}`);
  });
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  /** A row of each table for each age; null: one that is still of use, where there are such. */
  const add = async (days: number | null, count = 1): Promise<void> => {
    const at = days === null ? 'NULL::timestamptz' : `now() - interval '${String(days)} days'`;
    const rows = `generate_series(1, ${String(count)}) AS n`;
    await client.$executeRawUnsafe(
      `INSERT INTO outbox (event_id, subject, payload, published_at) SELECT gen_random_uuid(), 'a', '{}', ${at} FROM ${rows}`,
    );
    if (days === null) return;
    await client.$executeRawUnsafe(
      `INSERT INTO inbox (consumer, event_id, received_at) SELECT 'a', gen_random_uuid(), ${at} FROM ${rows}`,
    );
    await client.$executeRawUnsafe(
      `INSERT INTO idempotency_keys (actor_id, operation, key, input_hash, created_at)
       SELECT 'a', 'b', gen_random_uuid()::text, '', ${at} FROM ${rows}`,
    );
    await client.$executeRawUnsafe(
      `INSERT INTO audit_log (actor_id, verb, resource_kind, result, correlation_id, at) SELECT 'a', 'b', 'c', 'ok', 'd', ${at} FROM ${rows}`,
    );
  };
  const counts = async (): Promise<Record<string, number>> => {
    const left: Record<string, number> = {};
    for (const table of TABLES) {
      const [row] = await client.$queryRawUnsafe<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
      left[table] = row?.n ?? -1;
    }
    return left;
  };
  const retentionOf = (tables: readonly KeptRows[] = mutationRows(SETTINGS)): Retention =>
    new Retention(client, tables, logger, new MetricsRegistry('test'));
  const round = async (retention = retentionOf()): Promise<void> => {
    do await retention.take();
    while ((await retention.nextDueInMs()) <= 0);
  };

  it('removes what was kept long enough, each table by its own time, and nothing that is still of use', async () => {
    for (const days of [null, 0, 2, 4, 13, 15, 89, 91, 364, 366]) await add(days);
    await round();
    expect(await counts()).toEqual({ outbox: 3, inbox: 4, idempotency_keys: 6, audit_log: 8 });
  });

  it('leaves an empty database as it is, and is due again later', async () => {
    const retention = retentionOf();
    await round(retention);
    expect(await retention.nextDueInMs()).toBeGreaterThan(0);
  });

  it('removes many in batches: none holds up writers for long', async () => {
    await add(400, 2 * PRUNE_BATCH + 1);
    const retention = retentionOf();
    let takes = 0;
    do {
      await retention.take();
      takes += 1;
    } while ((await retention.nextDueInMs()) <= 0);
    expect(takes).toBe(3 * TABLES.length);
    expect(await counts()).toEqual({ outbox: 0, inbox: 0, idempotency_keys: 0, audit_log: 0 });
  });

  it('removes each row once with several instances at it', async () => {
    await add(400, 3 * PRUNE_BATCH);
    await Promise.all([round(), round(), round()]);
    expect(await counts()).toEqual({ outbox: 0, inbox: 0, idempotency_keys: 0, audit_log: 0 });
  });

  it('leaves a table that can not be asked for the next attempt, and begins by itself when the service starts', async () => {
    await add(400);
    await client.$executeRawUnsafe('ALTER TABLE inbox RENAME TO away');
    const retention = retentionOf();
    await retention.take();
    await expect(retention.take()).rejects.toThrow();
    // It holds up none of the others.
    for (const _ of ['idempotency_keys', 'audit_log']) await retention.take();
    const left = await client.$queryRawUnsafe(`SELECT 1 FROM idempotency_keys UNION ALL SELECT 1 FROM audit_log`);
    expect(left).toEqual([]);
    await expect(retention.take()).rejects.toThrow();
    await client.$executeRawUnsafe('ALTER TABLE away RENAME TO inbox');
    retention.onApplicationBootstrap();
    await pollUntil(async () => (await retention.nextDueInMs()) > 0, { what: 'the round to end' });
    await retention.beforeApplicationShutdown();
    expect(await counts()).toEqual({ outbox: 0, inbox: 0, idempotency_keys: 0, audit_log: 0 });
  });
});
