import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { BulkView } from '../testing/bulk-bench.js';
import { DrainBench } from '../testing/drain-bench.js';
import { VmBench } from '../testing/vm-bench.js';

const LONG_AGO_MS = 3_600_000;
const PATIENCE = { timeoutMs: 60_000 };

/** Between a drain and its turn a VM moves on, and others ask for other things. */
describe('the drain of a host whose VMs move on', () => {
  let bench: VmBench;
  let drain: DrainBench;
  beforeAll(async () => {
    bench = await VmBench.start();
    drain = new DrainBench(bench);
  }, 120_000);
  afterEach(() => drain.reset());
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const power = (id: string) => bench.neighbours.vm(id).power;
  const only = ({ results }: BulkView) => {
    const [{ status, errorCode } = { status: null, errorCode: null }] = results?.nodes ?? [];
    return [status, errorCode];
  };
  const isTold = (id: string, status: string, code: string | null): Promise<unknown> =>
    pollUntil(async () => only(await drain.read(id)).toString() === [status, code].toString(), {
      ...PATIENCE,
      what: `the result ${status}`,
    });
  /** As if it had been accepted an hour ago. */
  const wasLongAgo = async (id: string): Promise<void> => {
    await database().operation.update({ where: { id }, data: { createdAt: new Date(Date.now() - LONG_AGO_MS) } });
  };
  const shutdowns = () => database().operation.findMany({ where: { resourceKind: 'vm', kind: 'SHUTDOWN_VM' } });

  it('asks one again whose host was away when it was to go off, and cuts its power with force', async () => {
    const wasAway = { errorCode: 'HOST_UNAVAILABLE', errorMessage: 'away', desired: 'STOPPED' };
    const [vmId = ''] = await drain.bulk.vms(1, 'ERROR', wasAway);
    Object.assign(bench.neighbours.vm(vmId), { power: 'running' });
    drain.deaf.add(vmId);
    const view = await drain.ended(await drain.drained({ timeoutSeconds: 1, force: true }));
    expect([view.status, ...only(view), power(vmId)]).toEqual(['SUCCEEDED', 'SUCCEEDED', null, 'off']);
  }, 60_000);

  it('cuts the power of one that is to be deleted, and whose host was away when that was to be done', async () => {
    const wasAway = { errorCode: 'HOST_UNAVAILABLE', errorMessage: 'away', desired: 'FORCED_OFF' };
    const later = new Date(Date.now() + LONG_AGO_MS);
    const purge = { purgeAt: later, purgeDueAt: later, purgeById: randomUUID(), purgeByRole: 'USER' };
    const [vmId = ''] = await drain.bulk.vms(1, 'ERROR', { ...wasAway, ...purge });
    Object.assign(bench.neighbours.vm(vmId), { power: 'running' });
    const view = await drain.ended(await drain.drained({ timeoutSeconds: 600 }));
    expect([view.status, ...only(view), power(vmId)]).toEqual(['SUCCEEDED', 'SUCCEEDED', null, 'off']);
    const { purgeAt } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    expect(purgeAt).toEqual(later);
  }, 60_000);

  it('is not asked any more once another has taken its place, also when it was about to be', async () => {
    const [vmId = ''] = await drain.bulk.vms(1, 'RUNNING');
    const mayGoOn = Promise.withResolvers<undefined>();
    const isHeld = Promise.withResolvers<undefined>();
    const held = database().$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT id FROM vms WHERE id = ${vmId}::uuid FOR UPDATE`;
        isHeld.resolve(undefined);
        await mayGoOn.promise;
      },
      { timeout: 60_000 },
    );
    await isHeld.promise;
    const first = await drain.drained({ timeoutSeconds: 600 });
    await drain.waitsForLock('vms');
    const second = await drain.drained({ timeoutSeconds: 500, force: true });
    mayGoOn.resolve(undefined);
    await held;
    expect(await drain.ended(second)).toMatchObject({ status: 'SUCCEEDED' });
    expect(only(await drain.ended(first))).toEqual(['SUPERSEDED', null]);
    expect((await shutdowns()).map(({ parameters, status }) => [parameters, status])).toEqual([
      [{ timeoutSeconds: 500, force: true }, 'SUCCEEDED'],
    ]);
  }, 60_000);

  it('waits for what goes further, and takes nothing back of it', async () => {
    const vmId = await bench.running();
    drain.deaf.add(vmId);
    await bench.actWith('shutdownVm', vmId, 'force: true, timeoutSeconds: 600');
    const id = await drain.drained({ timeoutSeconds: 600 });
    await isTold(id, 'ACCEPTED', null);
    const [{ id: asked } = { id: '' }, ...more] = await shutdowns();
    expect(more).toEqual([]);
    await wasLongAgo(asked);
    bench.neighbours.powerChange(vmId, 'shutting-down', 'unknown');
    expect(await drain.ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(bench.neighbours.vm(vmId)).toMatchObject({ power: 'off', reason: 'destroyed' });
  }, 60_000);

  it('does not wait for ever for one that comes up by itself and does not: with force its power is cut', async () => {
    const trying = { desired: 'RUNNING', reconcileAt: null, failedAttempts: 1_000 };
    const [vmId = ''] = await drain.bulk.vms(1, 'STARTING', trying);
    const first = await drain.drained();
    await isTold(first, 'PENDING', 'VM_BUSY');
    await wasLongAgo(first);
    expect(only(await drain.ended(first))).toEqual(['REFUSED', 'VM_BUSY']);
    Object.assign(bench.neighbours.vm(vmId), { power: 'running' });
    const second = await drain.drained({ force: true });
    await isTold(second, 'PENDING', 'VM_BUSY');
    await wasLongAgo(second);
    expect(await drain.ended(second)).toMatchObject({ status: 'SUCCEEDED' });
    expect(power(vmId)).toBe('off');
  }, 60_000);

  it('leaves one as it is that came to an error meanwhile, and is done with one that went off or was deleted', async () => {
    const [broken = '', off = '', gone = ''] = await drain.bulk.vms(3, 'BUILDING', { reconcileAt: null });
    const id = await drain.drained();
    const isWaiting = async (): Promise<boolean> =>
      (await drain.read(id)).results?.nodes.every(({ errorCode }) => errorCode === 'VM_BUSY') === true;
    await pollUntil(isWaiting, { ...PATIENCE, what: 'three that are waited for' });
    const error = { errorCode: 'SUSPENDED_GUEST_LOST', errorMessage: 'it is gone' };
    for (const [vmId, data] of [
      [broken, { state: 'ERROR', ...error }],
      [off, { state: 'STOPPED' }],
      [gone, { state: 'DELETED' }],
    ] as const)
      await database().vm.update({ where: { id: vmId }, data });
    const view = await drain.ended(id);
    expect(new Map(view.results?.nodes.map(({ vmId, status, errorCode }) => [vmId, [status, errorCode]]))).toEqual(
      new Map([
        [broken, ['REFUSED', 'SUSPENDED_GUEST_LOST']],
        [off, ['SUCCEEDED', null]],
        [gone, ['SUCCEEDED', null]],
      ]),
    );
    expect(await database().vm.findUnique({ where: { id: broken } })).toMatchObject({ state: 'ERROR', ...error });
  }, 60_000);

  it('is not done while one that is being deleted runs', async () => {
    const vmId = await bench.running();
    let isRefused = true;
    bench.neighbours.disturb = (name) => {
      if (name === 'force-off-vm' && isRefused) throw new DomainError('HYPERVISOR_ERROR');
    };
    await bench.act('deleteVm', vmId);
    const id = await drain.drained({ idempotencyKey: randomUUID() });
    await isTold(id, 'PENDING', 'VM_BUSY');
    expect(power(vmId)).toBe('running');
    isRefused = false;
    expect(await drain.ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(power(vmId)).toBeNull();
  }, 60_000);
});
