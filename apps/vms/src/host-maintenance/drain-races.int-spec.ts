import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { HostMaintenanceRepository } from '../hosts/host-maintenance.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import { DrainBench } from '../testing/drain-bench.js';
import { VmBench } from '../testing/vm-bench.js';

const ROUNDS = 2;
const AT_ONCE = 10;

describe('the drain of a host, and what comes in the same instant', () => {
  let bench: VmBench;
  let drain: DrainBench;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
  }, 120_000);
  afterEach(() => drain.reset());
  afterAll(() => bench.stop());

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
});
