import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient, createDatabase } from '../database.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import { DrainBench } from '../testing/drain-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest } from '../testing/vms-under-test.js';

const ROUNDS = 3;
const AT_ONCE = 10;
const KILLED = 60;

describe('the drain of a host, and what comes in the same instant', () => {
  let bench: VmBench;
  let drain: DrainBench;
  let service: ChildProcess | undefined;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
  }, 120_000);
  afterEach(async () => {
    await drain.set(false);
    await database().vm.deleteMany();
  });
  afterAll(async () => {
    service?.kill('SIGKILL');
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const codeOf = ({ errors }: Awaited<ReturnType<VmBench['act']>>) => errors?.[0]?.extensions.code;
  const maintenances = () => bench.vms.get(HostMaintenanceRepository);
  const drainedIds = async (id: string): Promise<string[]> =>
    (await database().bulkResult.findMany({ where: { operationId: id } })).map(({ vmId }) => vmId);

  it('waits for a start that was first, and shuts that VM down', async () => {
    const [vmId = ''] = await drain.bulk.vms(1);
    const isFirst = Promise.withResolvers<undefined>();
    const mayCommit = Promise.withResolvers<undefined>();
    // As startVm does it.
    const start = database().$transaction(
      async (tx) => {
        expect(await maintenances().keepOpen(tx, drain.hostId)).toBe(true);
        const due = { state: 'STARTING', desired: 'RUNNING', reconcileAt: new Date() } as const;
        await bench.vms.get(VmRepository).update(tx, vmId, due);
        isFirst.resolve(undefined);
        await mayCommit.promise;
      },
      { timeout: 60_000 },
    );
    await isFirst.promise;
    const drained = drain.drained();
    await drain.waitsForLock();
    mayCommit.resolve(undefined);
    await start;
    const id = await drained;
    expect(await drainedIds(id)).toEqual([vmId]);
    expect((await drain.ended(id)).status).toBe('SUCCEEDED');
    expect(bench.neighbours.vm(vmId).power).toBe('off');
  }, 60_000);

  it('is waited for by a start and by a create that come later, and both are refused', async () => {
    const [vmId = ''] = await drain.bulk.vms(1);
    const isFirst = Promise.withResolvers<undefined>();
    const mayCommit = Promise.withResolvers<undefined>();
    const begin = database().$transaction(
      async (tx) => {
        const host = await maintenances().lock(tx, drain.hostId);
        if (host === null) throw new Error('no host');
        await maintenances().begin(tx, host, { byId: drain.administrator.userId, reason: null });
        isFirst.resolve(undefined);
        await mayCommit.promise;
      },
      { timeout: 60_000 },
    );
    await isFirst.promise;
    // The create has read the fleet by then, and has chosen this host.
    const create = bench.create(bench.input());
    await drain.waitsForLock();
    const start = bench.act('startVm', vmId);
    mayCommit.resolve(undefined);
    await begin;
    expect(codeOf(await start)).toBe('HOST_IN_MAINTENANCE');
    expect((await create).errors?.[0]?.extensions).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { refusals: [{ rule: 'host-in-maintenance', hosts: 1 }] },
    });
    expect(await database().vm.count()).toBe(1);
  }, 60_000);

  it('has each of many parallel creates and starts either refused, or among its VMs and off at the end', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const offs = await drain.bulk.vms(AT_ONCE);
      const create = async (): Promise<string[]> => {
        const answer = await bench.create(bench.input({ vcpus: 1 }));
        if (answer.errors === undefined) return [(answer.data?.['createVm'] as { vm: { id: string } }).vm.id];
        expect(codeOf(answer)).toBe('NO_SUITABLE_HOST');
        return [];
      };
      const start = async (vmId: string): Promise<string[]> => {
        const code = codeOf(await bench.act('startVm', vmId));
        if (code !== undefined) expect(code).toBe('HOST_IN_MAINTENANCE');
        return code === undefined ? [vmId] : [];
      };
      const [early, late] = [offs.slice(0, AT_ONCE / 2), offs.slice(AT_ONCE / 2)];
      const begun = early.flatMap((vmId) => [start(vmId), create()]);
      // In the middle of them: some are in and some are not.
      await Promise.race(begun);
      const drained = drain.drained({ timeoutSeconds: 600, force: true });
      const accepted = (await Promise.all([...begun, ...late.flatMap((vmId) => [start(vmId), create()])])).flat();
      const id = await drained;
      expect((await drainedIds(id)).sort()).toEqual(accepted.sort());
      expect(await drain.ended(id)).toMatchObject({ status: 'SUCCEEDED' });
      expect([...bench.neighbours.vms.values()].filter(({ power }) => power === 'running')).toEqual([]);
      await drain.set(false);
      await database().vm.deleteMany();
    }
  }, 120_000);

  it('goes on after the service was killed half-way, and a repeated key gets the same operation', async () => {
    const ids = await drain.bulk.vms(KILLED, 'RUNNING');
    const idempotencyKey = randomUUID();
    const said = { idempotencyKey, timeoutSeconds: 600, reason: 'a new fan' };
    const outside = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    const asked = () => outside.bulkResult.count({ where: { status: { not: 'PENDING' }, vmId: { in: ids } } });
    const id = await drain.drained(said);
    await bench.vms.stop();
    const before = await asked();
    service = spawnVms(bench.database);
    await pollUntil(async () => (await asked()) > before || before === KILLED, { what: 'work', timeoutMs: 60_000 });
    service.kill('SIGKILL');
    await once(service, 'exit');
    await outside.$disconnect();
    bench.vms = await VmsUnderTest.start(bench.database);
    expect(await drain.drained(said)).toBe(id);
    expect(codeOf(await drain.drain({ ...said, force: true }))).toBe('IDEMPOTENCY_KEY_REUSED');
    const view = await drain.ended(id);
    expect(view).toMatchObject({ status: 'SUCCEEDED', results: { totalCount: KILLED } });
    expect(ids.filter((vmId) => bench.neighbours.vm(vmId).power !== 'off')).toEqual([]);
    expect(await database().operation.count({ where: { resourceKind: 'vm', kind: 'SHUTDOWN_VM' } })).toBe(KILLED);
    expect(await database().operation.count({ where: { resourceKind: 'host', idempotencyKey } })).toBe(1);
  }, 120_000);
});
