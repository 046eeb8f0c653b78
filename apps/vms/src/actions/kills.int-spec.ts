import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PortLinkState } from '@infinibay/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, testNats } from '../testing/vms-under-test.js';

const HOUR_MS = 3_600_000;
const MAIN = join(import.meta.dirname, '../../dist/main.js');

interface Kill {
  readonly mutation: string;
  readonly options?: string;
  /** Where the process that works on the VM ends, as FAILPOINT names it. */
  readonly place: string;
  readonly suspendedBefore?: boolean;
  /** What it is made with, and what is said of it. */
  readonly made?: Record<string, unknown>;
  readonly said?: Record<string, unknown>;
  /** MiB that runs then, and that the next start makes of it. */
  readonly memoryMib?: readonly [number, number];
  /** Of its port, in what runs then and in its definition. */
  readonly linkState?: PortLinkState;
  /** It is about a snapshot that was taken before. */
  readonly ofSnapshot?: boolean;
  /** It is of a VM that is made of one that is off, and that is looked at then. */
  readonly makesClone?: boolean;
  /** How many there are then, and how often the VM was brought back to one. */
  readonly snapshots?: number;
  readonly reverts?: number;
  readonly ends: { readonly state: string; readonly power: string; readonly resets: number };
}

const RUNS = { state: 'RUNNING', power: 'running', resets: 0 } as const;
/** Less memory: what runs can be asked for it at once. */
const RESIZED = {
  mutation: 'resizeVm',
  made: { memoryMib: 256 },
  said: { vcpus: 1, memoryMib: 128 },
  ends: RUNS,
  memoryMib: [128, 128],
} as const;
const SNAPPED = { mutation: 'createVmSnapshot', said: { name: 'kept' }, ends: RUNS } as const;
const UNSNAPPED = { mutation: 'deleteVmSnapshot', ofSnapshot: true, snapshots: 0, ends: RUNS } as const;
const REVERTED = { mutation: 'revertVmToSnapshot', ofSnapshot: true, snapshots: 1, reverts: 1, ends: RUNS } as const;
const CLONED = { mutation: 'cloneVm', makesClone: true, ends: { ...RUNS, state: 'STOPPED', power: 'off' } } as const;
const SAVED = { ...RUNS, state: 'STOPPED', power: 'off' } as const;
const KILLS: readonly Kill[] = [
  { ...CLONED, place: 'before:clone-disk' },
  { ...CLONED, place: 'after:clone-disk' },
  { ...CLONED, options: 'start: true', place: 'after:clone-disk', ends: RUNS },
  { ...CLONED, options: 'start: true', place: 'before:start', ends: RUNS },
  { ...RESIZED, place: 'before:redefine' },
  { ...RESIZED, place: 'after:redefine' },
  { ...RESIZED, place: 'before:update-live' },
  { ...RESIZED, place: 'after:update-live' },
  { mutation: 'setVmPortLink', place: 'after:redefine', ends: RUNS, linkState: 'DOWN' },
  { mutation: 'setVmPortLink', place: 'after:update-live', ends: RUNS, linkState: 'DOWN' },
  { mutation: 'setVmCdrom', place: 'after:set-cdrom', ends: RUNS },
  { ...SNAPPED, place: 'before:create-snapshot', snapshots: 1 },
  { ...SNAPPED, place: 'after:create-snapshot', snapshots: 1 },
  { ...UNSNAPPED, place: 'before:delete-snapshot' },
  { ...UNSNAPPED, place: 'after:delete-snapshot' },
  { ...REVERTED, place: 'before:force-off' },
  { ...REVERTED, place: 'after:force-off' },
  { ...REVERTED, place: 'before:revert-to-snapshot' },
  { ...REVERTED, place: 'after:revert-to-snapshot' },
  { mutation: 'resetVm', place: 'before:reset', ends: { ...RUNS, resets: 1 } },
  { mutation: 'resetVm', place: 'after:reset', ends: { ...RUNS, resets: 1 } },
  { mutation: 'suspendVm', place: 'after:suspend', ends: { ...RUNS, state: 'PAUSED', power: 'paused' } },
  { mutation: 'saveVm', place: 'before:save', ends: SAVED },
  { mutation: 'saveVm', place: 'after:save', ends: SAVED },
  { mutation: 'resumeVm', place: 'after:resume', suspendedBefore: true, ends: RUNS },
  {
    mutation: 'shutdownVm',
    options: 'timeoutSeconds: 1, force: true',
    place: 'before:force-off',
    ends: { ...RUNS, state: 'STOPPED', power: 'off' },
  },
  {
    mutation: 'shutdownVm',
    options: 'timeoutSeconds: 1, force: true',
    place: 'after:force-off',
    ends: { ...RUNS, state: 'STOPPED', power: 'off' },
  },
];

/** The service itself, as an operator starts it: what a SIGKILL leaves of it is on the host and in the database. */
describe('a service that is killed at a step', () => {
  let bench: VmBench;
  let database: PrismaClient;
  const ids: string[] = [];
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start({ RECONCILE_WORKERS: '1' });
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 2 });
    for (const kill of KILLS) ids.push(await accepted(kill));
    await bench.vms.stop();
    for (const [index, kill] of KILLS.entries()) await dieAt(kill.place, ids[index] ?? '');
    for (const id of ids) await lease(id, null);
    bench.vms = await VmsUnderTest.start(bench.database);
  }, 400_000);
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await database.$disconnect();
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

  /** A request that was accepted, and that no worker has taken up yet. */
  const accepted = async ({
    mutation,
    options,
    suspendedBefore = false,
    made,
    said,
    ofSnapshot,
    makesClone = false,
  }: Kill): Promise<string> => {
    const id = await bench.running(made);
    if (makesClone) return acceptedClone(id, options);
    if (suspendedBefore) {
      await bench.act('suspendVm', id);
      await bench.reaches(id, 'PAUSED');
    }
    const about = ofSnapshot === true ? { snapshotId: await bench.snapshot(id) } : {};
    await lease(id, 'nobody');
    const answer =
      options === undefined
        ? bench.say(mutation, { vmId: id, ...said, ...about })
        : bench.actWith(mutation, id, options);
    expect((await answer).errors).toBeUndefined();
    return id;
  };

  /** No worker takes it up before it is looked for: the host says no word about it until then. */
  const acceptedClone = async (vmId: string, options = 'start: false'): Promise<string> => {
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    const { promise: answered, resolve: answer } = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name) => (name === 'inspect-vm' ? answered : undefined);
    const more = { name: `clone-${randomUUID().slice(0, 8)}` };
    const { data, errors } = await bench.actWith('cloneVm', vmId, options, randomUUID(), more);
    expect(errors).toBeUndefined();
    const { id } = (data?.['cloneVm'] as { vm: { id: string } }).vm;
    await lease(id, 'nobody');
    bench.neighbours.disturb = () => undefined;
    answer(undefined);
    return id;
  };

  /** Lets a service of its own take it up, which ends there. */
  const dieAt = async (place: string, id: string): Promise<void> => {
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
    await lease(id, null);
    const service = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
    services.push(service);
    const [, signal] = (await once(service, 'exit')) as [number | null, NodeJS.Signals | null];
    expect([place, signal]).toEqual([place, 'SIGKILL']);
    // The next service would take it up too, and might die of it.
    await lease(id, 'nobody');
  };

  it.each(KILLS.map((kill, index) => [kill.mutation, kill.place, kill, index] as const))(
    'does %s once, killed %s',
    async (_mutation, _place, { ends, memoryMib, linkState, snapshots, reverts = 0 }, index) => {
      const id = ids[index] ?? '';
      await bench.until(id, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
      expect(await bench.view(id)).toMatchObject({ state: ends.state, error: null });
      if (snapshots !== undefined) {
        const [kept, onHost] = [await bench.snapshots(id), bench.neighbours.snapshots.of(id)];
        expect([kept.map((one) => one.id), onHost.length]).toEqual([onHost, snapshots]);
        const operations = await database.operation.findMany({ where: { vmId: id }, select: { id: true } });
        const done = bench.neighbours.snapshots.reverts.filter((one) => operations.some((of) => of.id === one));
        expect(done).toHaveLength(reverts);
      }
      const { power, resets, disksMade, sizes } = bench.neighbours.vm(id);
      if (memoryMib !== undefined)
        expect([sizes.live?.memoryKib, sizes.definition?.memoryKib]).toEqual(memoryMib.map((mib) => mib * 1_024));
      const { live, definition } = sizes.links.observed();
      if (linkState !== undefined)
        expect([live, definition].map((cards) => cards?.[0]?.linkState)).toEqual([linkState, linkState]);
      expect({ power, resets: resets.length, disksMade }).toEqual({
        power: ends.power,
        resets: ends.resets,
        disksMade: 1,
      });
    },
    120_000,
  );
});
