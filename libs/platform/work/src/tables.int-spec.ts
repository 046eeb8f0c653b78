import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PoolClient, createTestDatabase, pollUntil, type TestDatabase } from '@infinibay/testing';
import { DueTable, nextAttempt } from './due-table.repository.js';
import { LeasedTable, type Lease } from './leased-table.repository.js';

interface Key {
  readonly vmId: string;
  readonly hostId: string;
}

interface VmLease extends Lease {
  readonly vmId: string;
}

let database: TestDatabase;
let client: PoolClient;

beforeAll(async () => {
  database = await createTestDatabase('firewall');
  client = new PoolClient(database.url);
  await client.$executeRawUnsafe(
    `CREATE TABLE jobs (id uuid PRIMARY KEY, host_id uuid NOT NULL, due_at timestamptz, is_wanted bool NOT NULL DEFAULT true,
       attempts int NOT NULL DEFAULT 0, fence int NOT NULL DEFAULT 0, lease_owner text, lease_until timestamptz)`,
  );
});
afterAll(async () => {
  await client.$disconnect();
  await database.drop();
});
afterEach(() => client.$executeRawUnsafe('DELETE FROM jobs'));

const host = randomUUID();
const other = randomUUID();

/** @param due seconds from now; null: never */
const add = async (due: number | null, hostId = host, isWanted = true): Promise<string> => {
  const id = randomUUID();
  await client.$executeRawUnsafe(
    `INSERT INTO jobs (id, host_id, due_at, is_wanted)
     VALUES ($1::uuid, $2::uuid, now() + make_interval(secs => $3::float8), $4::bool)`,
    id,
    hostId,
    due,
    isWanted,
  );
  return id;
};

const set = (id: string, change: string): Promise<number> =>
  client.$executeRawUnsafe(`UPDATE jobs SET ${change} WHERE id = $1::uuid`, id);

/** Twenty takers at once, until none of them finds anything more. */
const race = async <Row>(take: () => Promise<readonly Row[]>): Promise<Row[]> => {
  const takers = Array.from({ length: 20 }, async () => {
    const taken: Row[] = [];
    for (let batch = await take(); batch.length > 0; batch = await take()) taken.push(...batch);
    return taken;
  });
  return (await Promise.all(takers)).flat();
};

describe(DueTable.name, () => {
  let table: DueTable<Key>;
  beforeEach(() => {
    table = new DueTable(client, { table: 'jobs', key: { vmId: 'id' }, dueAt: 'due_at', where: 'is_wanted' });
  });

  it('tells when the next row is due: none, one to come, one that is', async () => {
    await expect(table.nextDueInMs()).resolves.toBeNull();
    await add(null);
    await add(-5, host, false);
    await expect(table.nextDueInMs()).resolves.toBeNull();
    await add(3_600);
    await expect(table.nextDueInMs()).resolves.toBeGreaterThan(0);
    await add(-5);
    await expect(table.nextDueInMs()).resolves.toBeLessThanOrEqual(0);
  });

  it('takes what is due longest, by its names in code, and nothing that is not due or not meant', async () => {
    await add(-1);
    const oldest = await add(-9);
    await add(3_600);
    await add(null);
    await add(-20, host, false);
    await expect(table.claim(1, [])).resolves.toEqual([{ vmId: oldest, hostId: host }]);
    await expect(table.claim(10, [])).resolves.toHaveLength(1);
    await expect(table.claim(10, [])).resolves.toEqual([]);
  });

  it('leaves hosts that are busy', async () => {
    await add(-9);
    const free = await add(-1, other);
    await expect(table.claim(10, [host])).resolves.toEqual([{ vmId: free, hostId: other }]);
    await expect(table.claim(10, [host, other])).resolves.toEqual([]);
  });

  it('gives each of 200 rows to one of twenty takers', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => add(-1)));
    const taken = await race(() => table.claim(7, []));
    expect(taken.map(({ vmId }) => vmId).sort()).toEqual(ids.sort());
  });

  it('has a row come back whose taker died, and not before', async () => {
    const id = await add(-1);
    await table.claim(1, []);
    const [row] = await client.$queryRawUnsafe<{ s: number }[]>(
      `SELECT extract(epoch FROM due_at - now())::float8 AS s FROM jobs`,
    );
    expect(row?.s).toBeGreaterThan(0);
    await set(id, `due_at = due_at - make_interval(secs => 30)`);
    await expect(table.claim(1, [])).resolves.toEqual([{ vmId: id, hostId: host }]);
  });

  it('waits longer after each failure, a minute at most', async () => {
    const id = await add(-1);
    const waits: number[] = [];
    for (let attempts = 0; attempts <= 12; attempts += 1) {
      await set(id, `attempts = ${String(attempts)}`);
      const [row] = await client.$queryRawUnsafe<{ s: number }[]>(
        `SELECT extract(epoch FROM ${nextAttempt('attempts')} - now())::float8 AS s FROM jobs`,
      );
      waits.push(row?.s ?? -1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60]);
  });
});

describe(LeasedTable.name, () => {
  const ofWorker = (owner: string): LeasedTable<VmLease> =>
    new LeasedTable(client, { table: 'jobs', key: 'vmId', dueAt: 'due_at', owner, leaseMs: 3_600_000 });
  const expire = (id: string): Promise<number> => set(id, `lease_until = now() - interval '1 second'`);

  it('leases a row to one worker, with a fence that rises', async () => {
    const id = await add(-1);
    await expect(ofWorker('a').claim(10, [])).resolves.toEqual([{ vmId: id, hostId: host, fence: 1 }]);
    await expect(ofWorker('b').claim(10, [])).resolves.toEqual([]);
    await expire(id);
    await expect(ofWorker('b').claim(10, [])).resolves.toEqual([{ vmId: id, hostId: host, fence: 2 }]);
  });

  it('gives each of 200 rows to one of twenty workers', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => add(-1)));
    const worker = ofWorker('a');
    const taken = await race(() => worker.claim(7, []));
    expect(taken.map(({ vmId }) => vmId).sort()).toEqual(ids.sort());
    expect(new Set(taken.map(({ fence }) => fence))).toEqual(new Set([1]));
  });

  it('counts a row under a lease as due when that ends', async () => {
    const worker = ofWorker('a');
    await expect(worker.nextDueInMs()).resolves.toBeNull();
    const id = await add(-1);
    await worker.claim(1, []);
    await expect(worker.nextDueInMs()).resolves.toBeGreaterThan(0);
    await expire(id);
    await expect(worker.nextDueInMs()).resolves.toBeLessThanOrEqual(0);
  });

  it('leaves hosts that are busy', async () => {
    await add(-9);
    const free = await add(-1, other);
    await expect(ofWorker('a').claim(10, [host])).resolves.toMatchObject([{ vmId: free }]);
  });

  it('renews a lease for its holder only, and for none that was overtaken', async () => {
    const id = await add(-1);
    const [lease] = await ofWorker('a').claim(1, []);
    if (lease === undefined) throw new Error('no lease');
    await expect(ofWorker('a').renew(lease)).resolves.toBe(true);
    await expect(ofWorker('b').renew(lease)).resolves.toBe(false);
    await expire(id);
    await ofWorker('a').claim(1, []);
    await expect(ofWorker('a').renew(lease)).resolves.toBe(false);
  });

  it('renews a lease while its work lasts, and no longer', async () => {
    const id = await add(-1);
    const worker = new LeasedTable<VmLease>(client, {
      table: 'jobs',
      key: 'vmId',
      dueAt: 'due_at',
      owner: 'a',
      leaseMs: 300,
    });
    const [lease] = await worker.claim(1, []);
    if (lease === undefined) throw new Error('no lease');
    const renewals: (typeof lease)[] = [];
    const renew = worker.renew.bind(worker);
    const third = Promise.withResolvers<undefined>();
    worker.renew = (row) => {
      renewals.push(row);
      if (renewals.length === 3) third.resolve(undefined);
      return renew(row);
    };
    await expect(
      worker.hold(lease, async () => {
        await third.promise;
        throw new Error('the work failed');
      }),
    ).rejects.toThrow('the work failed');
    expect(renewals[0]?.vmId).toBe(id);
    const { length } = renewals;
    await client.$queryRawUnsafe('SELECT pg_sleep(0.5)');
    expect(renewals).toHaveLength(length);
  });

  it('gives a lease back whose work ended without a word, and none that another has since', async () => {
    const worker = ofWorker('a');
    const failed = await add(-9);
    const lost = await add(-1);
    const leases = await worker.claim(10, []);
    const [first, second] = [failed, lost].map((id) => leases.find(({ vmId }) => vmId === id));
    if (first === undefined || second === undefined) throw new Error('no lease');
    const fails = (): Promise<never> => Promise.reject(new Error('the database was away'));
    await expect(worker.hold(first, fails)).rejects.toThrow('away');
    await expect(worker.claim(10, [])).resolves.toEqual([]);
    await expire(lost);
    await expect(ofWorker('b').claim(1, [])).resolves.toMatchObject([{ vmId: lost, fence: 2 }]);
    await expect(worker.hold(second, fails)).rejects.toThrow('away');
    const again = await pollUntil(
      async () => {
        const taken = await worker.claim(10, []);
        return taken.length > 0 ? taken : null;
      },
      { what: 'the lease that is given back' },
    );
    expect(again).toEqual([{ vmId: failed, hostId: host, fence: 2 }]);
    await client.$queryRawUnsafe('SELECT pg_sleep(2)');
    await expect(worker.claim(10, [])).resolves.toEqual([]);
  });

  it('makes rows due that are not yet, and keeps the place of those that are', async () => {
    const first = await add(-9);
    const never = await add(null);
    const later = await add(3_600);
    await ofWorker('a').makeDue([later, never, first, randomUUID()]);
    const taken = await ofWorker('a').claim(10, []);
    expect(taken.map(({ vmId }) => vmId).sort()).toEqual([first, never, later].sort());
    const [row] = await client.$queryRawUnsafe<{ s: number }[]>(
      `SELECT extract(epoch FROM now() - due_at)::float8 AS s FROM jobs WHERE id = $1::uuid`,
      first,
    );
    expect(row?.s).toBeGreaterThan(8);
  });
});
