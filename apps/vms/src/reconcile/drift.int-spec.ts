import { randomUUID } from 'node:crypto';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient, createDatabase } from '../database.js';
import { insertVms } from '../testing/many-vms.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';
import { SettledVmRepository } from './settled-vm.repository.js';
import { DriftController } from './drift.controller.js';

const KIB = 1_024;
const DRIFT = `query ($id: ID!) { vm(id: $id) { revision vcpus memoryMib drift { path declared actual } pendingRestart { path } } }`;

interface DriftView {
  readonly revision: number;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly drift: readonly { readonly path: string; readonly declared: number; readonly actual: number }[];
  readonly pendingRestart: readonly { readonly path: string }[];
}

describe('drift', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const sizes = (id: string) => bench.neighbours.vm(id).sizes;
  const view = async (id: string) => (await bench.vms.ask(bench.actor, DRIFT, { id })).data?.['vm'] as DriftView;
  const drifts = (id: string, paths: readonly string[]) =>
    pollUntil(
      async () => {
        bench.report();
        const vm = await view(id);
        return JSON.stringify(vm.drift.map(({ path }) => path)) === JSON.stringify(paths) ? vm : null;
      },
      { what: `drift of ${JSON.stringify(paths)}`, timeoutMs: 60_000 },
    );
  const ends = (id: string, kind: string) =>
    bench.until(
      id,
      `${kind} SUCCEEDED`,
      ({ operations: [last] }) => last?.kind === kind && last.status === 'SUCCEEDED',
    );
  const found = async (what: string): Promise<number> => {
    const metric = await bench.vms.get(MetricsRegistry).registry.getSingleMetric('infinibay_vm_drift_total')?.get();
    return metric?.values.find(({ labels }) => labels['what'] === what)?.value ?? 0;
  };
  /** What `virsh edit` and `virsh setmem` make of it. */
  const edit = (id: string, changes: object): void => {
    Object.assign(sizes(id), { definition: { ...sizes(id).definition, ...changes } });
  };
  const setmem = (id: string, mib: number): void => {
    Object.assign(sizes(id), { live: { ...sizes(id).live, memoryKib: mib * KIB } });
  };

  it('is shown with what is declared and what is, is brought back by nobody, and ends when a person undoes it', async () => {
    const id = await bench.running();
    const before = await found('found');
    edit(id, { vcpus: 3, maxVcpus: 3 });
    expect((await drifts(id, ['definition.vcpus', 'definition.maxVcpus'])).drift[0]).toEqual({
      path: 'definition.vcpus',
      declared: 1,
      actual: 3,
    });
    expect(await found('found')).toBe(before + 1);
    setmem(id, 96);
    await drifts(id, ['definition.vcpus', 'definition.maxVcpus', 'live.memoryMib']);
    expect(sizes(id)).toMatchObject({ definition: { vcpus: 3 }, live: { memoryKib: 96 * KIB } });
    edit(id, { vcpus: 1, maxVcpus: 1 });
    setmem(id, 128);
    await drifts(id, []);
    expect(await found('over')).toBeGreaterThan(0);
    expect((await view(id)).revision).toBe(1);
  });

  it('is written once by whoever finds out the same at the same time', async () => {
    const id = await bench.running();
    edit(id, { vcpus: 3, maxVcpus: 3 });
    const { drift } = await drifts(id, ['definition.vcpus', 'definition.maxVcpus']);
    const resting = { id, leaseOwner: null, reconcileAt: null };
    const row = () => bench.vms.get(PrismaClient).vm.findFirst({ where: resting });
    const found = await pollUntil(row, { what: 'the VM to be at rest' });
    const columns = { drift: drift.map((one) => ({ ...one })), pendingRestart: [], reservedMib: 0 };
    const sut = bench.vms.get(SettledVmRepository);
    expect(await sut.showSizes({ ...found, drift: [] }, columns)).toBe(false);
    expect(await sut.showSizes(found, columns)).toBe(true);
  });

  it('is repaired when a person wants it to', async () => {
    const id = await bench.running();
    edit(id, { vcpus: 3, maxVcpus: 3 });
    setmem(id, 96);
    await drifts(id, ['definition.vcpus', 'definition.maxVcpus', 'live.memoryMib']);
    await bench.act('repairVmDrift', id);
    await ends(id, 'REPAIR_VM_DRIFT');
    expect(await view(id)).toMatchObject({ drift: [], revision: 1 });
    expect(sizes(id)).toMatchObject({ definition: { vcpus: 1, maxVcpus: 1 }, live: { memoryKib: 128 * KIB } });
  });

  it('is accepted as a new revision, and nothing of the host is touched', async () => {
    const id = await bench.running();
    edit(id, { vcpus: 3, maxVcpus: 3 });
    await drifts(id, ['definition.vcpus', 'definition.maxVcpus']);
    bench.neighbours.calls.length = 0;
    await bench.act('acceptVmDrift', id);
    await ends(id, 'ACCEPT_VM_DRIFT');
    expect(await view(id)).toMatchObject({
      drift: [],
      revision: 2,
      vcpus: 3,
      pendingRestart: [{ path: 'vcpus' }, { path: 'maxVcpus' }],
    });
    expect(bench.neighbours.calls).toEqual([]);
    await bench.act('acceptVmDrift', id);
    await ends(id, 'ACCEPT_VM_DRIFT');
    expect((await view(id)).revision).toBe(2);
  });

  it('that is accepted must be something that a VM may be where it is', async () => {
    const id = await bench.running();
    edit(id, { memoryKib: 9_000 * KIB, maxMemoryKib: 9_000 * KIB });
    await drifts(id, ['definition.memoryMib', 'definition.maxMemoryMib']);
    const answer = await bench.act('acceptVmDrift', id);
    expect(answer.errors?.[0]?.extensions.code).toBe('MEMORY_EXCEEDS_HOST');
    expect((await view(id)).revision).toBe(1);
    const stranger = memberOf(randomUUID());
    for (const name of ['acceptVmDrift', 'repairVmDrift'])
      expect((await bench.say(name, { vmId: id }, stranger)).errors?.[0]?.extensions.code).toBe('VM_NOT_FOUND');
  });

  it('of the definition outlives a start, which brings nothing back by itself', async () => {
    const id = await bench.running();
    edit(id, { vcpus: 3, maxVcpus: 4 });
    await drifts(id, ['definition.vcpus', 'definition.maxVcpus']);
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    await bench.act('startVm', id);
    await ends(id, 'START_VM');
    expect(sizes(id)).toMatchObject({ definition: { vcpus: 3, maxVcpus: 4 }, live: { vcpus: 3 } });
    await drifts(id, ['definition.vcpus', 'definition.maxVcpus', 'live.vcpus', 'live.maxVcpus']);
  });

  it('is not what a report says that is older than what the worker did since', async () => {
    const id = await bench.running();
    const old = { ...sizes(id).definition };
    await bench.say('resizeVm', { vmId: id, vcpus: 2, memoryMib: 128 });
    await ends(id, 'RESIZE_VM');
    const now = sizes(id).definition;
    // The report goes out with what was, and who asks the host hears what is.
    Object.assign(sizes(id), { definition: old });
    bench.neighbours.sizesMeasured();
    Object.assign(sizes(id), { definition: now });
    const other = await bench.running();
    edit(other, { vcpus: 2, maxVcpus: 2 });
    await drifts(other, ['definition.vcpus', 'definition.maxVcpus']);
    expect((await view(id)).drift).toEqual([]);
  });

  it('is looked for without a write, and none is shown of VMs that nobody touched', async () => {
    const id = await bench.running();
    /** The transaction that wrote the row last. */
    const writer = async (): Promise<string | undefined> => {
      const rows = await bench.vms.get(PrismaClient).$queryRaw<{ xmin: string }[]>`
        SELECT xmin::text FROM vms WHERE id = ${id}::uuid`;
      return rows[0]?.xmin;
    };
    const measured = { hostId: bench.neighbours.hostId, vms: [{ vmId: id, ...sizes(id).observed() }], sequence: 1 };
    // A late report of its power may have a worker write it meanwhile.
    await pollUntil(
      async () => {
        const before = await writer();
        for (let round = 0; round < 20; round += 1) await bench.vms.get(DriftController).measured(measured);
        return (await writer()) === before;
      },
      { what: 'reports of which nothing is written' },
    );
    expect((await view(id)).drift).toEqual([]);
  });

  it('is none in a fleet of 1,000 that nobody touched, whatever sizes its VMs have, and nothing of it is written', async () => {
    const database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    await insertVms(database, 1_000);
    const fleet = await database.vm.findMany({ where: { hostId: { not: bench.neighbours.hostId } } });
    const writers = () => database.$queryRaw`SELECT id, xmin::text FROM vms ORDER BY id`;
    const before = await writers();
    for (const [hostId, vms] of Map.groupBy(fleet, (vm) => vm.hostId)) {
      const measured = vms.map(({ id: vmId, vcpus, memoryMib, state }) => {
        const all = { vcpus, maxVcpus: vcpus, memoryKib: memoryMib * KIB, maxMemoryKib: memoryMib * KIB };
        return { vmId, definition: all, live: state === 'STOPPED' ? null : all };
      });
      for (const sequence of [1, 2]) await bench.vms.get(DriftController).measured({ hostId, vms: measured, sequence });
    }
    expect(fleet.length).toBeGreaterThanOrEqual(1_000);
    expect(await writers()).toEqual(before);
    expect(await database.vm.count({ where: { id: { in: fleet.map(({ id }) => id) }, drift: { not: [] } } })).toBe(0);
    await database.$disconnect();
  });
});
