import { DomainError } from '@infinibay/contracts';
import { newServiceContext, runInContext } from '@infinibay/platform-logging';
import { createTestDatabase, pollUntil, type TestDatabase } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createBoundedPool } from './bounded-pool.js';

let database: TestDatabase;
let admin: pg.Client;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase('users');
  admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
});
beforeEach(() => {
  pool = createBoundedPool({ connectionString: database.url, max: 1, application_name: 'bounded' });
});
afterEach(() => pool.end());
afterAll(async () => {
  await admin.end();
  await database.drop();
});

/** A request that the spec ends when it likes. */
const request = () => {
  const controller = new AbortController();
  return {
    run: <T>(work: () => Promise<T>): Promise<T> =>
      runInContext({ ...newServiceContext(), signal: controller.signal }, work),
    end: () => {
      controller.abort(new DomainError('DEADLINE_EXCEEDED'));
    },
  };
};

const sleeping = async (): Promise<number> => {
  const found = await admin.query(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = 'bounded' AND state = 'active' AND query LIKE '%pg_sleep(%'`,
  );
  return found.rowCount ?? 0;
};

const until = (what: string, probe: () => Promise<boolean>): Promise<true> =>
  pollUntil(async () => (await probe()) || null, { timeoutMs: 120_000, what });

const SLEEP = 'SELECT pg_sleep(600)';
const cancelled = { code: '57014' };

describe(createBoundedPool.name, () => {
  it('ends what runs in the server when the request ends', async () => {
    const one = request();
    const ended = expect(one.run(() => pool.query(SLEEP))).rejects.toMatchObject(cancelled);
    await until('the statement to run', async () => (await sleeping()) === 1);
    one.end();
    await ended;
    await until('the statement to end', async () => (await sleeping()) === 0);
  });

  it('gives the place to the next request, which is not ended with the first', async () => {
    const [first, second] = [request(), request()];
    const ended = expect(first.run(() => pool.query(SLEEP))).rejects.toMatchObject(cancelled);
    await until('the statement to run', async () => (await sleeping()) === 1);
    const waiting = second.run(() => pool.query('SELECT 42 AS answer'));
    first.end();
    await ended;
    expect((await waiting).rows).toEqual([{ answer: 42 }]);
  });

  it('lets a request that waits for a place go at its own end', async () => {
    const [first, second] = [request(), request()];
    const ended = expect(first.run(() => pool.query(SLEEP))).rejects.toMatchObject(cancelled);
    await until('the statement to run', async () => (await sleeping()) === 1);
    const waiting = expect(second.run(() => pool.query('SELECT 1'))).rejects.toMatchObject(cancelled);
    second.end();
    await waiting;
    expect(await sleeping()).toBe(1);
    first.end();
    await ended;
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('begins nothing after the end but the rollback, and gives the connection to nobody else', async () => {
    const one = request();
    const pid = await one.run(async () => {
      const client = await pool.connect();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await client.query('BEGIN');
      await client.query(`INSERT INTO health_probe (id, checked_at) VALUES (1, now())`);
      const ended = expect(client.query(SLEEP)).rejects.toMatchObject(cancelled);
      await until('the statement to run', async () => (await sleeping()) === 1);
      one.end();
      await ended;
      await expect(client.query('SELECT 1')).rejects.toMatchObject(cancelled);
      await client.query('ROLLBACK');
      client.release();
      return rows[0]?.pid;
    });
    const { rows } = await pool.query<{ pid: number; probes: string }>(
      'SELECT pg_backend_pid() AS pid, (SELECT count(*) FROM health_probe) AS probes',
    );
    expect(rows[0]?.probes).toBe('0');
    expect(rows[0]?.pid).not.toBe(pid);
  });

  it('outlives a connection that the server ends in use', async () => {
    const one = request();
    const ended = expect(one.run(() => pool.query(SLEEP))).rejects.toMatchObject({ code: '57P01' });
    await until('the statement to run', async () => (await sleeping()) === 1);
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bounded'`);
    await ended;
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
