import { randomUUID } from 'node:crypto';
import { DRAINED_AT_ONCE } from '@infinibay/vms-domain';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { BulkView } from '../testing/bulk-bench.js';
import { DrainBench } from '../testing/drain-bench.js';
import { SimulatedMigrations } from '../testing/simulated-migrations.js';
import { VmBench } from '../testing/vm-bench.js';

const MANY = 100_000;
/** Of a VM, so that another host has room for one such, and not for two. */
const HALF_A_HOST_MIB = 2_500;
const MODE = 'MIGRATE';

type Told = readonly (string | null)[];

describe('the drain of a host that moves its VMs', () => {
  let bench: VmBench;
  let drain: DrainBench;
  let hosts: SimulatedMigrations;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
    hosts = await SimulatedMigrations.start(bench.neighbours);
    await pollUntil(() => database().host.findUnique({ where: { id: hosts.hostId } }), {
      what: 'the second host',
      timeoutMs: 60_000,
    });
  }, 120_000);
  afterEach(async () => {
    Object.assign(hosts, { looksUntilLeft: 0, refusal: null });
    await drain.reset();
    expect(hosts.ranTwice).toEqual([]);
  });
  afterAll(async () => {
    await hosts.stop();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const told = ({ results }: BulkView) =>
    new Map(results?.nodes.map(({ vmId, status, errorCode }) => [vmId, [status, errorCode]]));
  const hostsOf = async (ids: readonly string[]) => {
    const rows = await database().vm.findMany({ where: { id: { in: [...ids] } } });
    return new Set(rows.map(({ hostId }) => hostId));
  };
  const statuses = (view: BulkView) => [...told(view).values()].map((one) => one.join()).sort();
  const foreseen = async (mode: string) =>
    new Map(
      (await drain.preview({ mode })).nodes.map(({ vm, outcome, reason, targetHost }) => [
        vm.id,
        [outcome, reason?.code ?? null, targetHost?.id ?? null],
      ]),
    );
  /** As many of these as may leave at once do, and each of the others is told to wait for them. */
  const isFull = (id: string, ids: readonly string[]): Promise<unknown> =>
    pollUntil(
      async () => {
        const moving = await database().vmMigration.count({ where: { phase: 'MOVING' } });
        const results = told(await drain.read(id));
        const waiting = ids.filter((vmId) => results.get(vmId)?.join() === 'PENDING,VM_BUSY');
        return moving === DRAINED_AT_ONCE && waiting.length === ids.length - DRAINED_AT_ONCE;
      },
      { what: 'as many that leave as may', timeoutMs: 60_000 },
    );
  const withSnapshot = async (): Promise<string> => {
    const [vmId = ''] = await drain.bulk.vms(1, 'RUNNING');
    const { departmentId, actor } = bench;
    const name = { name: 'one', nameKey: 'one', authorId: actor.userId };
    const holds = { hasMemory: false, memoryBytes: 0n, spec: {}, state: 'READY' as const, volumeIds: [] };
    await database().vmSnapshot.create({ data: { id: randomUUID(), vmId, departmentId, ...name, ...holds } });
    return vmId;
  };

  it('moves a few at a time what the preview has said, and switches off the rest only where that is said', async () => {
    hosts.looksUntilLeft = MANY;
    const moved = await drain.bulk.vms(DRAINED_AT_ONCE + 2, 'RUNNING');
    const [off = ''] = await drain.bulk.vms(1);
    const kept = await withSnapshot();
    const going = moved.map((vmId) => [vmId, ['MIGRATE', null, hosts.hostId]] as const);
    const rest = [off, ['NOTHING', null, null]] as const;
    const withKept = (outcome: string) =>
      new Map<string, Told>([...going, rest, [kept, [outcome, 'VM_NOT_MIGRATABLE', null]]]);
    expect(await foreseen(MODE)).toEqual(withKept('BLOCKED'));
    expect(await foreseen('MIGRATE_OR_SHUT_DOWN')).toEqual(withKept('SHUT_DOWN'));
    const forced = await drain.drain({ mode: MODE, force: true });
    expect(forced.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');

    const id = await drain.drained({ mode: MODE });
    await isFull(id, moved);
    hosts.looksUntilLeft = 0;
    const view = await drain.ended(id);
    expect(told(view)).toEqual(
      new Map<string, Told>([
        ...moved.map((vmId): [string, Told] => [vmId, ['SUCCEEDED', null]]),
        [kept, ['REFUSED', 'VM_NOT_MIGRATABLE']],
      ]),
    );
    expect([view.status, view.errorCode]).toEqual(['FAILED', 'BULK_INCOMPLETE']);
    expect(await hostsOf(moved)).toEqual(new Set([hosts.hostId]));
    expect(moved.map((vmId) => hosts.of(vmId)[2])).toEqual(moved.map(() => 'running'));
    expect([bench.neighbours.vm(kept).power, await hostsOf([kept, off])]).toEqual(['running', new Set([drain.hostId])]);

    const second = await drain.ended(await drain.drained({ mode: 'MIGRATE_OR_SHUT_DOWN', timeoutSeconds: 600 }));
    expect([second.status, ...told(second)]).toEqual(['SUCCEEDED', [kept, ['SUCCEEDED', null]]]);
    expect(bench.neighbours.vm(kept).power).toBe('off');
    const operations = await database().operation.findMany({ where: { resourceId: kept } });
    expect(operations.map(({ kind, parameters }) => [kind, parameters])).toEqual([
      ['SHUTDOWN_VM', { timeoutSeconds: 600 }],
    ]);
  }, 120_000);

  it('sends no more to a host than it has room for, and leaves running what no host takes', async () => {
    const large = await drain.bulk.vms(2, 'RUNNING', { memoryMib: HALF_A_HOST_MIB });
    const preview = await drain.preview({ mode: MODE });
    expect(preview.nodes.map(({ outcome, reason }) => [outcome, reason?.code])).toEqual([
      ['MIGRATE', undefined],
      ['BLOCKED', 'NO_SUITABLE_HOST'],
    ]);
    expect(preview).toMatchObject({ migrateCount: 1, shutDownCount: 0, blockedCount: 1 });
    const view = await drain.ended(await drain.drained({ mode: MODE }));
    // The one that the preview has named, and no other.
    const [first = '', second = ''] = [...large].sort();
    expect(told(view)).toEqual(
      new Map([
        [first, ['SUCCEEDED', null]],
        [second, ['REFUSED', 'NO_SUITABLE_HOST']],
      ]),
    );
    expect([await hostsOf([first]), await hostsOf([second])]).toEqual([
      new Set([hosts.hostId]),
      new Set([drain.hostId]),
    ]);
  }, 120_000);

  it('waits for a host that was not heard just now, and shuts nothing down for that', async () => {
    const [vmId = ''] = await drain.bulk.vms(1, 'RUNNING');
    hosts.silence(true);
    await database().host.update({ where: { id: hosts.hostId }, data: { lastSeenAt: new Date(0) } });
    const id = await drain.drained({ mode: 'MIGRATE_OR_SHUT_DOWN', timeoutSeconds: 600 });
    const isWaiting = async () =>
      told(await drain.read(id))
        .get(vmId)
        ?.join() === 'PENDING,NO_SUITABLE_HOST';
    await pollUntil(isWaiting, { what: 'a VM that waits for the host', timeoutMs: 60_000 });
    expect(bench.neighbours.vm(vmId).power).toBe('running');
    hosts.silence(false);
    expect(told(await drain.ended(id))).toEqual(new Map([[vmId, ['SUCCEEDED', null]]]));
    expect(await hostsOf([vmId])).toEqual(new Set([hosts.hostId]));
  }, 180_000);

  it('counts what is on its way to the host, and looks at it when it has come', async () => {
    const [vmId = ''] = await drain.bulk.vms(1, 'RUNNING', { hostId: hosts.hostId, reconcileAt: null });
    const operationId = randomUUID();
    const { departmentId, actor } = bench;
    const asked = {
      kind: 'MIGRATE_VM',
      resourceKind: 'vm',
      resourceId: vmId,
      vmId,
      departmentId,
      actorId: actor.userId,
    };
    const named = { idempotencyKey: randomUUID(), correlationId: randomUUID() };
    await database().operation.create({ data: { id: operationId, status: 'RUNNING', ...asked, ...named } });
    const way = { sourceHostId: hosts.hostId, targetHostId: drain.hostId, phase: 'MOVING' as const };
    await database().vmMigration.create({ data: { vmId, operationId, ...way } });
    const id = await drain.drained({ timeoutSeconds: 600 });
    const isWaiting = async () =>
      told(await drain.read(id))
        .get(vmId)
        ?.join() === 'PENDING,VM_BUSY';
    await pollUntil(isWaiting, { what: 'a VM that is on its way', timeoutMs: 60_000 });
    // It was too late to take it back.
    await database().vm.update({ where: { id: vmId }, data: { hostId: drain.hostId } });
    await database().operation.update({
      where: { id: operationId },
      data: { status: 'SUCCEEDED', finishedAt: new Date() },
    });
    await database().vmMigration.delete({ where: { vmId } });
    expect(told(await drain.ended(id))).toEqual(new Map([[vmId, ['SUCCEEDED', null]]]));
    expect(bench.neighbours.vm(vmId).power).toBe('off');
  }, 120_000);

  it('tells of one that could not be moved, which runs on, and asks no more when the maintenance ends', async () => {
    hosts.looksUntilLeft = MANY;
    const ids = await drain.bulk.vms(DRAINED_AT_ONCE + 1, 'RUNNING');
    const first = await drain.drained({ mode: MODE });
    await isFull(first, ids);
    // A second drain takes over what leaves already, and asks for nothing twice.
    const second = await drain.drained({ mode: MODE });
    await isFull(second, ids);
    await drain.set(false);
    hosts.refusal = 'MIGRATION_FAILED';
    const ends = [...ids.slice(1).map(() => 'FAILED,MIGRATION_FAILED'), 'SUPERSEDED,'];
    expect(statuses(await drain.ended(first))).toEqual(ends);
    expect(statuses(await drain.ended(second))).toEqual(ends);
    const where = { resourceKind: 'vm', kind: 'MIGRATE_VM' };
    expect(await database().operation.count({ where })).toBe(ids.length - 1);
    expect(ids.map((vmId) => bench.neighbours.vm(vmId).power)).toEqual(ids.map(() => 'running'));
    expect(await hostsOf(ids)).toEqual(new Set([drain.hostId]));
  }, 120_000);
});
