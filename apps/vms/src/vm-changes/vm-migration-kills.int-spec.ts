import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { SimulatedMigrations } from '../testing/simulated-migrations.js';
import { VmBench } from '../testing/vm-bench.js';
import { spawnVms } from '../testing/vms-process.js';
import { VmsUnderTest, admin } from '../testing/vms-under-test.js';

const HOUR_MS = 3_600_000;
const MIGRATE = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { vm { id } } }';

/** Where the process that works on the VM ends, as FAILPOINT names it. */
const PLACES = ['prepare-migration', 'migrate', 'finish-migration', 'clean-migration'].map((step) => `after:${step}`);

/** The service itself, as an operator starts it: what a SIGKILL leaves of it is on two hosts and in the database. */
describe('a service that is killed while it moves a VM to another host', () => {
  let bench: VmBench;
  let hosts: SimulatedMigrations;
  let database: PrismaClient;
  const vmIds: string[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start({ RECONCILE_WORKERS: '1' });
    hosts = await SimulatedMigrations.start(bench.neighbours);
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    await pollUntil(() => database.hostImage.findFirst({ where: { hostId: hosts.hostId } }), {
      what: 'the second host',
      timeoutMs: 60_000,
    });
    for (const _place of PLACES) vmIds.push(await accepted());
    await bench.vms.stop();
    for (const [index, place] of PLACES.entries()) await dieAt(place, vmIds[index] ?? '');
    bench.vms = await VmsUnderTest.start(bench.database);
    for (const vmId of vmIds) await lease(vmId, null);
  }, 400_000);
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await database.$disconnect();
    await hosts.stop();
    await bench.stop();
  });

  /** Whoever has taken it up is a replaced worker then, and does nothing more. */
  const lease = (id: string, owner: string | null) =>
    database.vm.update({
      where: { id },
      data: {
        leaseOwner: owner,
        leaseUntil: owner === null ? null : new Date(Date.now() + HOUR_MS),
        fence: { increment: 1 },
      },
    });

  /** A migration of a VM with a volume that no worker has taken up yet. */
  const accepted = async (): Promise<string> => {
    const vmId = await bench.running();
    await bench.attach(vmId, await bench.volume());
    await lease(vmId, 'nobody');
    const input = { idempotencyKey: randomUUID(), vmId, hostId: hosts.hostId };
    expect((await bench.vms.ask(admin(), MIGRATE, { input })).errors).toBeUndefined();
    return vmId;
  };

  /** Lets a service of its own take it up, which ends there. */
  const dieAt = async (place: string, vmId: string): Promise<void> => {
    await lease(vmId, null);
    const service = spawnVms(bench.database, { FAILPOINT: place });
    services.push(service);
    const [, signal] = (await once(service, 'exit')) as [number | null, NodeJS.Signals | null];
    expect([place, signal]).toEqual([place, 'SIGKILL']);
    await lease(vmId, 'nobody');
  };

  it.each(PLACES.map((place, index) => [place, index] as const))(
    'has it run on in one place, killed %s',
    async (_place, index) => {
      const vmId = vmIds[index] ?? '';
      const vm = await pollUntil(
        async () => {
          const include = { operations: { where: { kind: 'MIGRATE_VM' } }, migration: true } as const;
          const row = await database.vm.findUniqueOrThrow({ where: { id: vmId }, include });
          return row.migration === null && row.state === 'RUNNING' ? row : null;
        },
        { what: 'the end of the migration', timeoutMs: 60_000 },
      );
      expect(vm).toMatchObject({ hostId: hosts.hostId, errorCode: null, operations: [{ status: 'SUCCEEDED' }] });
      const { hostId } = hosts;
      const volumes = await database.volume.findMany({ where: { attachedVmId: vmId }, include: { pool: true } });
      expect(volumes).toMatchObject([{ hostId, attachment: 'ATTACHED', pool: { hostId, name: 'fast' } }]);
      expect(hosts.of(vmId)).toEqual([null, false, 'running', true]);
      expect(hosts.ranTwice).toEqual([]);
      expect((await bench.told(vmId)).filter((fact) => fact === 'migrated')).toHaveLength(1);
    },
    120_000,
  );

  it('never has one started once more: each was, when it was made', () => {
    expect(bench.neighbours.calls.filter((call) => call === 'start-vm')).toHaveLength(PLACES.length);
  });
});
