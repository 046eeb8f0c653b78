import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { vmDeleted, type EventEnvelope } from '@infinibay/contracts';
import { PoolClient, createTestDatabase, pollUntil, type TestDatabase } from '@infinibay/testing';
import { newEvent } from './events.js';
import { runOnce } from './idempotency.js';
import { enterInbox } from './inbox.js';
import { mutateOnce } from './mutate-once.js';
import { appendToOutbox, outboxLag, relayOutbox, type OutboxRow } from './outbox.js';
import type { SqlTransaction } from './sql-client.js';

const event = (): EventEnvelope => {
  const vmId = randomUUID();
  return newEvent(vmDeleted, {
    departmentId: randomUUID(),
    resource: { kind: 'vm', id: vmId },
    data: { vmId, name: 'x' },
  });
};

describe('persistence', () => {
  let database: TestDatabase;
  let client: PoolClient;

  beforeAll(async () => {
    database = await createTestDatabase('vms');
    client = new PoolClient(database.url);
  });
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  describe(runOnce, () => {
    const call = (key: string, input: unknown = { a: 1, b: [2] }) => ({
      actorId: 'u1',
      operation: 'create',
      key,
      input,
    });

    it('runs parallel calls with one key once and gives all of them the same answer', async () => {
      let runs = 0;
      const once = () =>
        client.$transaction((tx) => runOnce(tx, call('parallel'), () => Promise.resolve({ id: ++runs })));
      expect(new Set((await Promise.all(Array.from({ length: 15 }, once))).map(({ id }) => id))).toEqual(new Set([1]));
      expect(runs).toBe(1);
    });

    it('takes the same input in another order of keys as the same, and other input as a conflict', async () => {
      const first = await client.$transaction((tx) =>
        runOnce(tx, call('order', { a: 1, b: undefined, c: 2 }), () => Promise.resolve('x')),
      );
      const again = await client.$transaction((tx) =>
        runOnce(tx, call('order', { c: 2, a: 1 }), () => Promise.resolve('y')),
      );
      expect([first, again]).toEqual(['x', 'x']);
      const other = client.$transaction((tx) => runOnce(tx, call('order', { a: 2 }), () => Promise.resolve('z')));
      await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    });

    it('remembers nothing of work that failed: the key can be used again', async () => {
      const failing = client.$transaction((tx) => runOnce(tx, call('failed'), () => Promise.reject(new Error('no'))));
      await expect(failing).rejects.toThrow('no');
      expect(await client.$transaction((tx) => runOnce(tx, call('failed'), () => Promise.resolve('now')))).toBe('now');
    });
  });

  describe(mutateOnce, () => {
    it('begins again when PostgreSQL ended its transaction for one that waited for the same rows', async () => {
      const lock = (tx: SqlTransaction, key: string) =>
        tx.$queryRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext($1))::text`, key);
      const attempts: string[] = [];
      let holding = 0;
      /** Each takes its own lock, waits once until both have one, and wants the other's. */
      const mutate = (own: string, other: string) =>
        mutateOnce(
          client,
          { actorId: 'u1', operation: 'crossed', key: own, input: {} },
          {
            prepare: () => async (tx) => {
              attempts.push(own);
              await lock(tx, own);
              holding += 1;
              await pollUntil(() => holding >= 2, { what: 'both to hold a lock' });
              await lock(tx, other);
              return own;
            },
            show: (stored) => stored,
          },
        );
      expect(await Promise.all([mutate('left', 'right'), mutate('right', 'left')])).toEqual(['left', 'right']);
      expect(attempts).toHaveLength(3);
    });

    it('says that the database preferred others when that goes on, and keeps nothing', async () => {
      let attempts = 0;
      const call = { actorId: 'u1', operation: 'crossed', key: 'always', input: {} };
      const conflict = Object.assign(new Error('deadlock detected'), { code: '40P01' });
      const prepare = () => () => {
        attempts += 1;
        return Promise.reject(conflict);
      };
      const mutation = { prepare, show: () => 'shown' };
      await expect(mutateOnce(client, call, mutation)).rejects.toBe(conflict);
      expect(attempts).toBe(4);
      expect(await mutateOnce(client, call, { ...mutation, prepare: () => () => Promise.resolve('done') })).toBe(
        'shown',
      );
    });
  });

  describe(enterInbox, () => {
    it('lets an event in once per consumer, also when two deliveries race', async () => {
      const id = randomUUID();
      const enter = (consumer: string) => client.$transaction((tx) => enterInbox(tx, consumer, id));
      const entered = await Promise.all([enter('a'), enter('a'), enter('a'), enter('b')]);
      expect(entered.filter(Boolean)).toHaveLength(2);
    });
  });

  describe(relayOutbox, () => {
    it('publishes in the order of writing, exactly once with two relays, and only what was committed', async () => {
      const events = Array.from({ length: 40 }, event);
      for (const one of events) await client.$transaction((tx) => appendToOutbox(tx, [one]));
      const aborted = client.$transaction(async (tx) => {
        await appendToOutbox(tx, [event()]);
        throw new Error('aborted');
      });
      await expect(aborted).rejects.toThrow('aborted');
      const published: string[] = [];
      const publish = (row: OutboxRow): Promise<void> => Promise.resolve(void published.push(row.event_id));
      while ((await outboxLag(client)).waiting > 0)
        await Promise.all([relayOutbox(client, publish, 7), relayOutbox(client, publish, 7)]);
      expect(published).toEqual(events.map(({ id }) => id));
    });

    it('keeps what could not be published, and everything behind it, waiting', async () => {
      const [first, second, third] = [event(), event(), event()];
      await client.$transaction((tx) => appendToOutbox(tx, [first, second, third]));
      const refuse = (row: OutboxRow): Promise<void> =>
        row.event_id === second.id ? Promise.reject(new Error('down')) : Promise.resolve();
      expect(await relayOutbox(client, refuse)).toBe(1);
      expect(await outboxLag(client)).toMatchObject({ waiting: 2 });
      expect(await relayOutbox(client, () => Promise.resolve())).toBe(2);
    });
  });
});
