import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { PrismaClient } from '../database.js';
import { DrainBench } from '../testing/drain-bench.js';
import type { BulkView } from '../testing/bulk-bench.js';
import { VmBench } from '../testing/vm-bench.js';

describe('the drain of a host', () => {
  let bench: VmBench;
  let drain: DrainBench;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
  }, 120_000);
  afterEach(async () => {
    bench.neighbours.snapshots.looksUntilComplete = 0;
    await drain.reset();
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const power = (id: string) => bench.neighbours.vm(id).power;
  const told = ({ results }: BulkView) =>
    new Map(results?.nodes.map(({ vmId, status, errorCode }) => [vmId, [status, errorCode]]));
  /** One of which somebody takes a snapshot, which takes long. */
  const snapped = async (): Promise<string> => {
    const vmId = await bench.running();
    bench.neighbours.snapshots.looksUntilComplete = 1_000_000;
    expect((await bench.say('createVmSnapshot', { vmId })).errors).toBeUndefined();
    return vmId;
  };

  it('does to each VM what the preview has said', async () => {
    const busy = await snapped();
    const running = await drain.bulk.vms(3, 'RUNNING');
    const [still = ''] = await drain.bulk.vms(1, 'PAUSED', { desired: 'PAUSED', pauseReason: 'user' });
    Object.assign(bench.neighbours.vm(still), { power: 'paused', reason: 'user' });
    const [off = ''] = await drain.bulk.vms(1);
    const failure = { errorCode: 'SUSPENDED_GUEST_LOST', errorMessage: 'it is gone' };
    const [broken = ''] = await drain.bulk.vms(1, 'ERROR', failure);
    const [leaving = ''] = await drain.bulk.vms(1, 'DELETING', { desired: 'DELETED' });

    const preview = await drain.preview();
    const outcomes = new Map(preview.nodes.map(({ vm, outcome, reason }) => [vm.id, [outcome, reason?.code ?? null]]));
    const shutDown = [...running, still];
    expect(outcomes).toEqual(
      new Map<string, (string | null)[]>([
        ...shutDown.map((id): [string, (string | null)[]] => [id, ['SHUT_DOWN', null]]),
        [off, ['NOTHING', null]],
        [broken, ['BLOCKED', 'SUSPENDED_GUEST_LOST']],
        [busy, ['BLOCKED', 'VM_BUSY']],
        [leaving, ['DELETION', null]],
      ]),
    );
    expect(preview).toMatchObject({ totalCount: 8, shutDownCount: 4, blockedCount: 2 });
    const first = await drain.preview({ first: 3 });
    const rest = await drain.preview({ first: 10, after: first.pageInfo.endCursor });
    expect([...first.nodes, ...rest.nodes]).toEqual(preview.nodes);
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
    expect(await database().host.count({ where: { maintenanceSince: { not: null } } })).toBe(0);

    const { data } = await drain.drain({ timeoutSeconds: 600, reason: 'a new fan' });
    const accepted = data?.['drainHost'] as { id: string };
    expect(accepted).toMatchObject({
      kind: 'SHUTDOWN_VM',
      resourceKind: 'host',
      resourceId: drain.hostId,
      results: { totalCount: 7 },
    });
    await database().vm.update({ where: { id: leaving }, data: { reconcileAt: new Date() } });
    const view = await drain.ended(accepted.id);
    const wanted = new Map(
      [...outcomes].flatMap(([id, [outcome, code]]) =>
        outcome === 'NOTHING' ? [] : [[id, [DOES[outcome ?? ''], code]]],
      ),
    );
    expect(told(view)).toEqual(wanted);
    expect(view).toMatchObject({ status: 'FAILED', errorCode: 'BULK_INCOMPLETE', progressPercent: 100 });
    expect(shutDown.map(power)).toEqual(shutDown.map(() => 'off'));
    expect(power(busy)).toBe('running');
    expect(power(leaving)).toBeNull();
    const host = await database().host.findUniqueOrThrow({ where: { id: drain.hostId } });
    expect(host).toMatchObject({ maintenanceReason: 'a new fan', maintenanceById: drain.administrator.userId });
    expect((await bench.act('startVm', running[0] ?? '')).errors?.[0]?.extensions.code).toBe('HOST_IN_MAINTENANCE');
    // What was shut down stays so.
    await drain.set(false);
    expect((await bench.view(running[0] ?? ''))?.state).toBe('STOPPED');
  }, 60_000);

  it('lets a guest run on that does not hear, without force, and is done with another that has it', async () => {
    const [deaf = '', ...others] = await drain.bulk.vms(4, 'RUNNING');
    drain.deaf.add(deaf);
    const id = await drain.drained({ timeoutSeconds: 600 });
    for (const vmId of others) await bench.reaches(vmId, 'STOPPED');
    expect(await drain.read(id)).toMatchObject({ status: 'RUNNING' });
    const pressed = () => power(deaf) === 'shutting-down';
    await pollUntil(pressed, { what: 'the power button', timeoutMs: 30_000 });
    const late = new Date(Date.now() - 700_000);
    await database().operation.updateMany({ where: { resourceId: deaf }, data: { createdAt: late } });
    bench.neighbours.powerChange(deaf, 'shutting-down', 'unknown');
    const view = await drain.ended(id);
    expect(view).toMatchObject({ status: 'FAILED', errorCode: 'BULK_INCOMPLETE' });
    expect(told(view).get(deaf)).toEqual(['FAILED', 'DEADLINE_EXCEEDED']);
    expect(others.map((vmId) => told(view).get(vmId))).toEqual(others.map(() => ['SUCCEEDED', null]));
    expect(await bench.view(deaf)).toMatchObject({ state: 'RUNNING' });

    const forced = await drain.ended(await drain.drained({ timeoutSeconds: 1, force: true }));
    expect(forced).toMatchObject({ status: 'SUCCEEDED', results: { totalCount: 1 } });
    expect(bench.neighbours.vm(deaf)).toMatchObject({ power: 'off', reason: 'destroyed' });
    const nothing = await drain.ended(await drain.drained());
    expect(nothing).toMatchObject({ status: 'SUCCEEDED', progressPercent: 100, results: { totalCount: 0 } });
  }, 60_000);

  it('waits for a VM that is being started, and says so; a later word takes its place', async () => {
    const held = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name, vmId) => {
      drain.obey(name, vmId);
      return name === 'start-vm' ? held.promise : undefined;
    };
    const vmId = await bench.created();
    const isShown = async (id: string): Promise<boolean> =>
      told(await drain.read(id))
        .get(vmId)
        ?.toString() === 'PENDING,VM_BUSY';
    const first = await drain.drained();
    await pollUntil(() => isShown(first), { what: 'what it waits for', timeoutMs: 30_000 });
    await drain.set(false);
    expect(told(await drain.ended(first)).get(vmId)).toEqual(['SUPERSEDED', null]);
    const second = await drain.drained();
    await pollUntil(() => isShown(second), { what: 'what it waits for', timeoutMs: 30_000 });
    const third = await drain.drained({ timeoutSeconds: 600, force: true });
    expect(told(await drain.ended(second)).get(vmId)).toEqual(['SUPERSEDED', null]);
    // It was looked at, and not asked each time.
    expect(await database().auditEntry.count({ where: { verb: 'shutdownVm', result: 'VM_BUSY' } })).toBe(0);
    held.resolve(undefined);
    const view = await drain.ended(third);
    expect([view.status, told(view).get(vmId), power(vmId)]).toEqual(['SUCCEEDED', ['SUCCEEDED', null], 'off']);
    expect((await bench.view(vmId))?.operations.map(({ kind, status }) => [kind, status])).toEqual([
      ['SHUTDOWN_VM', 'SUCCEEDED'],
      ['CREATE_VM', 'SUCCEEDED'],
    ]);
  }, 60_000);
});

/** What the result of what was to be done says. */
const DOES: Readonly<Record<string, string>> = { SHUT_DOWN: 'SUCCEEDED', DELETION: 'SUCCEEDED', BLOCKED: 'REFUSED' };
