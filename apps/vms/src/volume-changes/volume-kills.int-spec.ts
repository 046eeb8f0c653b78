import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, testNats } from '../testing/vms-under-test.js';

const GIB = 1_073_741_824;
const HOUR_MS = 3_600_000;
const MAIN = join(import.meta.dirname, '../../dist/main.js');

interface Kill {
  readonly mutation:
    'createVolume' | 'cloneVolume' | 'resizeVolume' | 'moveVolume' | 'deleteVolume' | 'attachVolume' | 'detachVolume';
  /** Where the process that works on it ends, as FAILPOINT names it. */
  readonly place: string;
}

interface Killed extends Kill {
  readonly volumeId: string;
  readonly vmId: string | null;
}

const STEPS = {
  createVolume: 'make-volume',
  cloneVolume: 'copy-volume',
  resizeVolume: 'grow-volume',
  moveVolume: 'move-volume',
  deleteVolume: 'remove-volume',
  attachVolume: 'attach-volume',
  detachVolume: 'detach-volume',
} as const;
const MUTATIONS = Object.keys(STEPS) as Kill['mutation'][];
const KILLS: readonly Kill[] = MUTATIONS.flatMap((mutation) =>
  ['before', 'after'].map((when) => ({ mutation, place: `${when}:${STEPS[mutation]}` })),
);

/** The service itself, as an operator starts it: what a SIGKILL leaves of it is on the host and in the database. */
describe('a service that is killed at a step of a volume', () => {
  let bench: VmBench;
  let database: PrismaClient;
  const killed: Killed[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start({ RECONCILE_WORKERS: '1' });
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    for (const kill of KILLS) killed.push(await accepted(kill));
    await bench.vms.stop();
    for (const one of killed) await dieAt(one);
    bench.vms = await VmsUnderTest.start(bench.database);
  }, 400_000);
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await database.$disconnect();
    await bench.stop();
  });

  /** Nobody takes up what `nobody` has. */
  const lease = (owner: string | null) => ({
    leaseOwner: owner,
    leaseUntil: owner === null ? null : new Date(Date.now() + HOUR_MS),
  });
  const isAtRest = async (id: string, table: 'vm' | 'volume'): Promise<boolean> => {
    const where = { id };
    const row =
      table === 'vm'
        ? await database.vm.findUniqueOrThrow({ where })
        : await database.volume.findUniqueOrThrow({ where });
    return row.leaseOwner === null && row.reconcileAt === null;
  };

  /** A request that was accepted, and that no worker has taken up yet. */
  const accepted = async ({ mutation, place }: Kill): Promise<Killed> => {
    const isOfVm = mutation === 'attachVolume' || mutation === 'detachVolume';
    const vmId = isOfVm ? await bench.running() : null;
    if (mutation === 'createVolume' || mutation === 'cloneVolume')
      return { mutation, place, vmId, volumeId: await created(mutation) };
    const volumeId = await bench.volume({ poolId: await bench.pool('default') });
    if (vmId === null) {
      await pollUntil(() => isAtRest(volumeId, 'volume'));
      await database.volume.update({ where: { id: volumeId }, data: lease('nobody') });
      const size = mutation === 'resizeVolume' ? { capacityGib: 2 } : {};
      const whereTo = mutation === 'moveVolume' ? { poolId: await bench.pool() } : {};
      expect((await bench.ofVolume(mutation, { volumeId, ...size, ...whereTo })).errors).toBeUndefined();
      return { mutation, place, vmId, volumeId };
    }
    if (mutation === 'detachVolume') await bench.attach(vmId, volumeId);
    await pollUntil(() => isAtRest(vmId, 'vm'));
    await database.vm.update({ where: { id: vmId }, data: lease('nobody') });
    expect((await bench.move(mutation, vmId, volumeId)).errors).toBeUndefined();
    return { mutation, place, vmId, volumeId };
  };

  /** A host that refuses for now leaves the volume unmade. */
  const created = async (mutation: 'createVolume' | 'cloneVolume'): Promise<string> => {
    const host = bench.neighbours.volumes;
    const poolId = await bench.pool('default');
    const named = { name: `killed ${String(killed.length)}`, poolId };
    const input =
      mutation === 'createVolume'
        ? { ...named, departmentId: bench.departmentId, capacityGib: 1 }
        : { ...named, volumeId: await bench.volume({ poolId }) };
    host.refusal = 'STORAGE_UNAVAILABLE';
    const answer = await bench.ofVolume(mutation, input);
    const { id } = (answer.data?.[mutation] as { volume: { id: string } }).volume;
    await pollUntil(async () => {
      const { failedAttempts, leaseOwner } = await database.volume.findUniqueOrThrow({ where: { id } });
      return failedAttempts > 0 && leaseOwner === null;
    });
    await database.volume.update({ where: { id }, data: lease('nobody') });
    host.refusal = null;
    return id;
  };

  /** Lets a service of its own take it up, which ends there. */
  const dieAt = async ({ place, vmId, volumeId }: Killed): Promise<void> => {
    const nats = testNats();
    const environment = {
      HTTP_PORT: '0',
      LOG_LEVEL: 'error',
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      DATABASE_URL: bench.database.url,
      INTERNAL_KEY: 'test-internal-key-test-internal-key',
      LEASE_SECONDS: '3',
      FAILPOINT: place,
    };
    if (vmId === null) await database.volume.update({ where: { id: volumeId }, data: lease(null) });
    else await database.vm.update({ where: { id: vmId }, data: lease(null) });
    const service = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
    services.push(service);
    const [, signal] = (await once(service, 'exit')) as [number | null, NodeJS.Signals | null];
    expect([place, signal]).toEqual([place, 'SIGKILL']);
  };

  it.each(KILLS.map((kill, index) => [kill.mutation, kill.place, index] as const))(
    'does %s once, killed %s',
    async (mutation, _place, index) => {
      const { volumeId, vmId } = killed[index] ?? { volumeId: '', vmId: null };
      const resourceId = vmId ?? volumeId;
      const host = bench.neighbours.volumes;
      await pollUntil(
        async () => {
          const last = await database.operation.findFirstOrThrow({ where: { resourceId }, orderBy: { id: 'desc' } });
          return last.status === 'SUCCEEDED';
        },
        { what: 'the end', timeoutMs: 60_000 },
      );
      const { timesMade, capacityBytes } = host.files.get(volumeId) ?? {};
      const size = mutation === 'deleteVolume' ? null : mutation === 'resizeVolume' ? 2 * GIB : GIB;
      expect({ timesMade, capacityBytes }).toEqual({ timesMade: 1, capacityBytes: size });
      const row = await database.volume.findUniqueOrThrow({ where: { id: volumeId }, include: { pool: true } });
      const poolName = mutation === 'moveVolume' ? 'fast' : 'default';
      expect([row.pool.name, row.targetPoolId]).toEqual([poolName, null]);
      expect([host.files.get(volumeId)?.poolName, host.files.get(volumeId)?.timesMoved]).toEqual([
        row.pool.name,
        mutation === 'moveVolume' ? 1 : 0,
      ]);
      const isAttached = mutation === 'attachVolume';
      expect([row.state, row.attachedVmId, row.attachment]).toEqual([
        mutation === 'deleteVolume' ? 'DELETED' : 'AVAILABLE',
        isAttached ? vmId : null,
        isAttached ? 'ATTACHED' : null,
      ]);
      if (vmId !== null) expect(host.at(vmId, 'guest')).toEqual(isAttached ? [`${volumeId}/vdb`] : []);
    },
    120_000,
  );
});
