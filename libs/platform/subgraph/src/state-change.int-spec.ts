import { randomUUID } from 'node:crypto';
import { DomainError, networkCreated, type EventEnvelope } from '@infinibay/contracts';
import { createLogger } from '@infinibay/platform-logging';
import { OutboxRelayHolder } from '@infinibay/platform-messaging';
import { newEvent, relayOutbox, type SqlTransaction } from '@infinibay/platform-persistence';
import { PoolClient, createTestDatabase, type TestDatabase } from '@infinibay/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditLog } from './audit.log.js';
import { StateChange, type Mutation, type MutationEffect } from './state-change.js';

const lines: string[] = [];
const destination = { write: (line: string) => void lines.push(line) };
const logger = createLogger({ service: 'test', level: 'error', format: 'json', destination });

interface Stored {
  readonly id: string;
}
type Work = (tx: SqlTransaction) => Promise<MutationEffect<Stored>>;

describe(StateChange, () => {
  let database: TestDatabase;
  let client: PoolClient;
  let change: StateChange<SqlTransaction>;
  let wakes: number;
  const wake = () => {
    wakes += 1;
  };

  beforeAll(async () => {
    database = await createTestDatabase('networks');
    client = new PoolClient(database.url);
    change = new StateChange<SqlTransaction>(client, new OutboxRelayHolder(undefined), new AuditLog(logger));
  });
  beforeEach(async () => {
    wakes = 0;
    for (const table of ['outbox', 'inbox', 'audit_log', 'idempotency_keys', 'networks'])
      await client.$executeRawUnsafe(`DELETE FROM ${table}`);
  });
  afterAll(async () => {
    await client.$disconnect();
    await database.drop();
  });

  const actor = { userId: randomUUID() };
  const show = (stored: Stored): Stored => stored;
  const asked = (key: string, input: unknown = { name: 'a' }): Mutation<unknown, Stored, Stored> => ({
    actor,
    operation: 'createNetwork',
    key,
    input,
    resourceKind: 'network',
    show,
    wake,
  });

  const created = (networkId: string): EventEnvelope => {
    const departmentId = randomUUID();
    const data = { networkId, name: 'a', cidr: '10.1.0.0/24' };
    return newEvent(networkCreated, { departmentId, resource: { kind: 'network', id: networkId }, data });
  };

  let octet = 0;
  /** Makes a network, so that a row of the service stands or falls with the rest. */
  const insert: Work = async (tx) => {
    const id = randomUUID();
    await tx.$executeRawUnsafe(
      `INSERT INTO networks (id, department_id, name, name_key, cidr) VALUES ($1::uuid, $2::uuid, 'a', $3, $4::text::cidr)`,
      id,
      randomUUID(),
      id,
      `10.1.${octet++ % 256}.0/24`,
    );
    return { answer: { id }, resourceId: id, events: [created(id)] };
  };

  const count = async (table: string): Promise<number> => {
    const [row] = await client.$queryRawUnsafe<{ n: number }[]>(`SELECT count(*)::int AS n FROM ${table}`);
    return row?.n ?? -1;
  };
  const audited = () =>
    client.$queryRawUnsafe(
      `SELECT actor_id AS "actorId", verb, resource_kind AS kind, resource_id AS id, result FROM audit_log ORDER BY id`,
    );
  /** Rows of the service, keys, events; the audit is asked by itself. */
  const rows = async () => ({
    networks: await count('networks'),
    keys: await count('idempotency_keys'),
    events: await count('outbox'),
  });
  const NOTHING = { networks: 0, keys: 0, events: 0 };
  const ALL_ONCE = { networks: 1, keys: 1, events: 1 };

  it('commits the effect, the key, the audit entry and the events together, and wakes', async () => {
    const { id } = await change.commit(asked('key-00001'), insert);
    expect(await rows()).toEqual(ALL_ONCE);
    expect(await audited()).toEqual([
      { actorId: actor.userId, verb: 'createNetwork', kind: 'network', id, result: 'ok' },
    ]);
    expect(wakes).toBe(1);
  });

  it('answers a repeated call from the first one and does nothing: neither prepare nor work nor wake', async () => {
    const first = await change.commit(asked('key-00001'), insert);
    const unasked = (): never => {
      throw new Error('a repeated call asks nobody');
    };
    expect(await change.commit({ ...asked('key-00001'), prepare: unasked }, unasked)).toEqual(first);
    expect(await rows()).toEqual(ALL_ONCE);
    expect(await count('audit_log')).toBe(1);
    expect(wakes).toBe(1);
  });

  it('gives parallel calls with one key one effect, one audit entry and one wake', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => change.commit(asked('key-00001'), insert)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(await rows()).toEqual(ALL_ONCE);
    expect(await count('audit_log')).toBe(1);
    expect(wakes).toBe(1);
  });

  it('refuses a key that came with other input, and says so in the audit', async () => {
    await change.commit(asked('key-00001'), insert);
    const other = change.commit(asked('key-00001', { name: 'b' }), insert);
    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await rows()).toEqual(ALL_ONCE);
    expect(await audited()).toMatchObject([{ result: 'ok' }, { id: null, result: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(wakes).toBe(1);
  });

  it('leaves nothing of a refusal but its audit entry: the key is free again', async () => {
    const refused = change.commit(asked('key-00001'), async (tx) => {
      await insert(tx);
      throw new DomainError('NAME_TAKEN');
    });
    await expect(refused).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await rows()).toEqual(NOTHING);
    expect(await audited()).toMatchObject([{ id: null, result: 'NAME_TAKEN' }]);
    expect(wakes).toBe(0);
    await change.commit(asked('key-00001'), insert);
    expect(await rows()).toEqual(ALL_ONCE);
  });

  it('answers with the refusal also when the audit cannot be written, and logs the entry', async () => {
    await client.$executeRawUnsafe('ALTER TABLE audit_log RENAME TO away');
    try {
      const refused = change.commit(asked('key-00001'), () => Promise.reject(new DomainError('NAME_TAKEN')));
      await expect(refused).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    } finally {
      await client.$executeRawUnsafe('ALTER TABLE away RENAME TO audit_log');
    }
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      msg: 'a refusal is missing in the audit',
      verb: 'createNetwork',
      result: 'NAME_TAKEN',
      actorId: actor.userId,
    });
  });

  it('leaves nothing when it is killed before the commit, and the same key acts', async () => {
    const killed = change.commit(asked('key-00001'), async (tx) => {
      const effect = await insert(tx);
      await tx.$queryRawUnsafe(`SELECT pg_terminate_backend(pg_backend_pid())`);
      return effect;
    });
    await expect(killed).rejects.toThrow();
    expect(await rows()).toEqual(NOTHING);
    expect(await count('audit_log')).toBe(0);
    expect(wakes).toBe(0);
    await change.commit(asked('key-00001'), insert);
    expect(await rows()).toEqual(ALL_ONCE);
  });

  it('has its events published by the next relay when it is killed after the commit', async () => {
    // No relay is told of this commit: as if the process ended right after it.
    const { id } = await change.commit(asked('key-00001'), insert);
    const published: string[] = [];
    await relayOutbox(client, async ({ payload }) => {
      published.push(payload.resource.id);
    });
    expect(published).toEqual([id]);
  });

  it('wakes for a change that the actor may not see any more', async () => {
    const hidden = { ...asked('key-00001'), show: () => Promise.reject(new DomainError('NETWORK_NOT_FOUND')) };
    await expect(change.commit(hidden, insert)).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
    expect(await rows()).toEqual(ALL_ONCE);
    expect(wakes).toBe(1);
  });

  it('hands what was prepared to the work, outside of the transaction', async () => {
    const prepare = () => Promise.resolve(7);
    const seen: number[] = [];
    await change.commit({ ...asked('key-00001'), prepare }, async (tx, prepared) => {
      seen.push(prepared);
      return insert(tx);
    });
    expect(seen).toEqual([7]);
  });

  it('commits a change without a key with its audit entry and events, or not at all', async () => {
    const audit = { actorId: 'u', verb: 'login', resourceKind: 'session', resourceId: 's', result: 'ok' };
    const failing = change.run(async (tx) => {
      await insert(tx);
      throw new Error('no');
    }, wake);
    await expect(failing).rejects.toThrow('no');
    expect([await rows(), wakes]).toEqual([NOTHING, 0]);
    await change.run(async (tx) => ({ ...(await insert(tx)), audit }), wake);
    expect([await rows(), wakes]).toEqual([{ ...ALL_ONCE, keys: 0 }, 1]);
    expect(await audited()).toMatchObject([{ actorId: 'u', verb: 'login', id: 's' }]);
  });

  it('does what an event asks once for each consumer, however often it is delivered', async () => {
    const event = { id: randomUUID() };
    const work = async (tx: SqlTransaction) => ({ answer: undefined, events: (await insert(tx)).events });
    for (const consumer of ['one', 'one', 'other']) await change.consume(consumer, event, work);
    expect(await rows()).toEqual({ networks: 2, keys: 0, events: 2 });
  });
});
