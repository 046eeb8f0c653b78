import { randomUUID } from 'node:crypto';
import { DomainError, type ErrorCode } from '@infinibay/contracts';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench, type VmView } from '../testing/vm-bench.js';

const ERROR = `query ($id: ID!) { vm(id: $id) { error { code isRetryable since } } }`;
const PROTECT = `mutation ($input: SetVmDeletionProtectionInput!) { setVmDeletionProtection(input: $input) { id } }`;

describe('retryVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.snapshots.clones.refusal = null;
  });
  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours;

  const errorOf = async (id: string): Promise<unknown> => {
    const vm = (await bench.vms.ask(bench.actor, ERROR, { id })).data?.['vm'];
    return (vm as { error: unknown } | null)?.error;
  };
  const refusal = async (vmId: string): Promise<unknown> =>
    (await bench.act('retryVm', vmId)).errors?.[0]?.extensions.code;
  const retried = async (vmId: string, status: string): Promise<VmView> => {
    expect(await refusal(vmId)).toBeUndefined();
    const isEnded = ({ operations: [last] }: VmView): boolean => last?.kind === 'RETRY_VM' && last.status === status;
    return bench.until(vmId, `the retry ${status}`, isEnded, false);
  };
  const newest = (vmId: string) =>
    database().operation.findFirstOrThrow({
      where: { vmId },
      orderBy: { id: 'desc' },
      include: { steps: { orderBy: { position: 'asc' } } },
    });
  /** From then on this fails, once it is tried, and trying it again by itself would not help. */
  const breaks = (command: string, code: ErrorCode): void => {
    host().disturb = (name) => {
      if (name === command) throw new DomainError(code);
    };
  };
  const mend = (): void => void (host().disturb = () => undefined);
  const made = (vmId: string): number => host().vm(vmId).disksMade;

  it('goes on with a VM that could not be made from where that stood, and tells the reason that is left', async () => {
    breaks('ensure-disk', 'POOL_FULL');
    const vmId = await bench.created();
    await bench.reaches(vmId, 'ERROR', false);
    const failed = await newest(vmId);
    expect(await errorOf(vmId)).toMatchObject({ code: 'POOL_FULL', isRetryable: true, since: expect.any(String) });
    const { errorSince } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    expect([failed.kind, failed.status, errorSince]).toEqual(['CREATE_VM', 'FAILED', expect.any(Date)]);

    breaks('protect-vm', 'UNSUPPORTED_BY_DRIVER');
    const { state, error, operations } = await retried(vmId, 'FAILED');
    expect([state, error?.code, operations[0]?.errorCode]).toEqual([
      'ERROR',
      'UNSUPPORTED_BY_DRIVER',
      'UNSUPPORTED_BY_DRIVER',
    ]);
    expect(made(vmId)).toBe(1);

    mend();
    const after = await retried(vmId, 'SUCCEEDED');
    expect([after.state, after.error, made(vmId), host().vm(vmId).power]).toEqual(['RUNNING', null, 1, 'running']);
    // It has its disk: that of a VM that is there is not made.
    const { steps } = await newest(vmId);
    expect(steps.map(({ name }) => name)).toEqual(['attach-network', 'ensure-disk', 'protect', 'define', 'start']);
    expect(steps.filter(({ status }) => status !== 'SUCCEEDED')).toMatchObject([
      { name: 'ensure-disk', status: 'SKIPPED' },
    ]);
    expect((await database().vm.findUniqueOrThrow({ where: { id: vmId } })).errorSince).toBeNull();
  }, 120_000);

  it.each([
    ['start: false', 'STOPPED', 'off'],
    ['start: true', 'RUNNING', 'running'],
  ])(
    'makes a clone that could not be made, which was asked for with %s: %s',
    async (options, state, power) => {
      const source = await bench.running();
      await bench.act('forceOffVm', source);
      await bench.reaches(source, 'STOPPED');
      const content = host().snapshots.write(source);
      host().snapshots.clones.refusal = 'POOL_FULL';
      const more = { name: `clone-${randomUUID().slice(0, 8)}` };
      const { data } = await bench.actWith('cloneVm', source, options, randomUUID(), more);
      const { id } = (data?.['cloneVm'] as { vm: { id: string } }).vm;
      await bench.reaches(id, 'ERROR', false);

      host().snapshots.clones.refusal = null;
      expect((await retried(id, 'SUCCEEDED')).state).toBe(state);
      expect([host().vm(id).power, host().snapshots.content.get(id), made(id)]).toEqual([power, content, 1]);
      const counted = await bench.vms.get(MetricsRegistry).registry.metrics();
      expect(counted).toMatch(/infinibay_vm_task_seconds_count\{[^}]*kind="CLONE_VM",outcome="succeeded"/);
    },
    120_000,
  );

  it('says again how what failed was to be done, and asks for nothing but what the VM shall be', async () => {
    const vmId = await bench.running();
    breaks('inspect-vm', 'UNSUPPORTED_BY_DRIVER');
    await bench.actWith('shutdownVm', vmId, 'timeoutSeconds: 1, force: true');
    await bench.reaches(vmId, 'ERROR', false);
    mend();
    host().calls.length = 0;
    // The guest does not go off.
    expect((await retried(vmId, 'SUCCEEDED')).state).toBe('STOPPED');
    const { parameters } = await newest(vmId);
    expect(parameters).toEqual({ timeoutSeconds: 1, force: true, retries: 'SHUTDOWN_VM' });
    expect([host().calls.includes('force-off-vm'), host().calls.includes('start-vm')]).toEqual([true, false]);
  }, 120_000);

  it('of a VM whose disk is not back fails, also when it shall be off', async () => {
    const vmId = await bench.inError('DISK_MISSING');
    host().vm(vmId).disk = false;
    const { state, error } = await retried(vmId, 'FAILED');
    expect([state, error?.code]).toEqual(['ERROR', 'DISK_MISSING']);
    host().vm(vmId).disk = true;
    expect((await retried(vmId, 'SUCCEEDED')).state).toBe('STOPPED');
  }, 120_000);

  it('ends a deletion that failed, unless the VM is protected since', async () => {
    const vmId = await bench.running();
    breaks('remove-disk', 'UNSUPPORTED_BY_DRIVER');
    await bench.act('deleteVm', vmId);
    await bench.reaches(vmId, 'ERROR', false);
    mend();
    const isProtected = async (deletionProtected: boolean): Promise<void> => {
      const input = { idempotencyKey: randomUUID(), vmId, deletionProtected };
      expect((await bench.vms.ask(bench.actor, PROTECT, { input })).errors).toBeUndefined();
    };
    await isProtected(true);
    expect(await refusal(vmId)).toBe('DELETION_PROTECTED');
    await isProtected(false);
    expect(await refusal(vmId)).toBeUndefined();
    await bench.isGone(vmId);
    expect(host().leftovers()).not.toContain(vmId);
  }, 120_000);

  it('is refused of one that is going to be deleted, which says so', async () => {
    const vmId = await bench.inError();
    expect(await errorOf(vmId)).toMatchObject({ isRetryable: true });
    const someDay = new Date('2999-01-01T00:00:00Z');
    const purge = { purgeAt: someDay, purgeDueAt: someDay, purgeById: randomUUID(), purgeByRole: 'USER' } as const;
    await database().vm.update({ where: { id: vmId }, data: purge });
    expect([await refusal(vmId), await errorOf(vmId)]).toMatchObject(['DELETION_SCHEDULED', { isRetryable: false }]);
  }, 120_000);

  it('is refused of what is in no error, where it would hide one, and where nothing may be started', async () => {
    expect(await refusal(await bench.running())).toBe('VM_BUSY');
    for (const code of ['REVERT_UNFINISHED', 'SUSPENDED_GUEST_LOST']) {
      const vmId = await bench.inError(code);
      expect([await refusal(vmId), await errorOf(vmId)]).toMatchObject([code, { code, isRetryable: false }]);
    }
    const [off, on] = [await bench.inError(), await bench.inError()];
    await database().vm.update({ where: { id: on }, data: { desired: 'RUNNING' } });
    await database().host.updateMany({ data: { maintenanceSince: new Date(), maintenanceById: randomUUID() } });
    expect(await refusal(on)).toBe('HOST_IN_MAINTENANCE');
    expect((await retried(off, 'SUCCEEDED')).state).toBe('STOPPED');
    await database().host.updateMany({ data: { maintenanceSince: null, maintenanceById: null } });
    expect((await retried(on, 'SUCCEEDED')).state).toBe('RUNNING');
  }, 120_000);
});
