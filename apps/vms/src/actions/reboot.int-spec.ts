import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { VmsUnderTest, admin, memberOf } from '../testing/vms-under-test.js';

const OPERATION = `query ($id: ID!) { vm(id: $id) { operations { id kind resourceKind resourceId steps { name status attempts } } } }`;

describe('rebootVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '3600' });
  }, 120_000);
  afterAll(() => bench.stop());

  const guest = (id: string) => bench.neighbours.vm(id);
  const asked = (id: string, times = 1) =>
    bench.until(id, `restart ${String(times)} to be asked for`, () => guest(id).restartsAskedFor.length >= times);
  const ends = (id: string, status: string, at = bench) =>
    at.until(id, `REBOOT_VM ${status}`, ({ operations }) =>
      operations.some((one) => one.kind === 'REBOOT_VM' && one.status === status),
    );
  const codes = (answer: Awaited<ReturnType<VmBench['act']>>) =>
    answer.errors?.map(({ extensions }) => extensions.code);
  const newest = (id: string) =>
    bench.vms
      .get(PrismaClient)
      .operation.findFirstOrThrow({ where: { resourceId: id }, orderBy: { createdAt: 'desc' } });

  it('runs until the guest has restarted, and asks it once', async () => {
    const id = await bench.running();
    expect(await bench.act('rebootVm', id)).toMatchObject({
      data: { rebootVm: { vm: { state: 'RUNNING' }, operation: { status: 'PENDING' } } },
    });
    await asked(id);
    // It is asked for news again before the guest has restarted.
    const looks = bench.neighbours.calls.filter((name) => name === 'reboot-vm').length;
    await bench.until(id, 'another look', () => bench.neighbours.calls.filter((n) => n === 'reboot-vm').length > looks);
    expect(await bench.view(id)).toMatchObject({ state: 'RUNNING', operations: [{ status: 'RUNNING' }, {}] });
    guest(id).hasRestarted = true;
    expect(await ends(id, 'SUCCEEDED')).toMatchObject({ state: 'RUNNING', error: null });
    expect(guest(id).restartsAskedFor).toEqual([(await newest(id)).id]);
    const { data } = await bench.vms.ask(bench.actor, OPERATION, { id });
    expect((data?.['vm'] as { operations: unknown[] }).operations[0]).toMatchObject({
      resourceKind: 'vm',
      resourceId: id,
      steps: [{ name: 'reboot', status: 'SUCCEEDED', attempts: 1 }],
    });
  });

  it('is told of in the version that has words for it, counted, and changes no state', async () => {
    const id = await bench.running();
    const database = bench.vms.get(PrismaClient);
    const before = await database.outboxEvent.count();
    await bench.act('rebootVm', id);
    await asked(id);
    guest(id).hasRestarted = true;
    await ends(id, 'SUCCEEDED');
    const { id: operationId } = await newest(id);
    const told = (await database.outboxEvent.findMany({ orderBy: { id: 'asc' }, skip: before })).map(
      ({ payload }) => payload as { name: string; version: number; data: Record<string, unknown> },
    );
    const own = told.filter(({ data }) => data['operationId'] === operationId);
    expect(own.map(({ data }) => data['status'])).toEqual(['PENDING', 'RUNNING', 'RUNNING', 'SUCCEEDED']);
    for (const event of own)
      expect(event).toMatchObject({
        name: 'operation.updated',
        version: 2,
        data: { kind: 'REBOOT_VM', resourceKind: 'vm', resourceId: id },
      });
    expect(told.filter(({ name, data }) => name.startsWith('vm.') && data['vmId'] === id)).toEqual([]);
    const metrics = await bench.vms.get(MetricsRegistry).registry.metrics();
    expect(metrics).toMatch(/infinibay_vm_task_seconds_count\{[^}]*kind="REBOOT_VM",outcome="succeeded"[^}]*\} \d/);
  });

  it('is refused as a shutdown is where nothing can hear it', async () => {
    const id = await bench.running();
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
    expect((await bench.act('rebootVm', id)).errors).toMatchObject([
      { extensions: { code: 'VM_BUSY', details: { state: 'STOPPED' } } },
    ]);
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(codes(await bench.act('rebootVm', id))).toEqual(['VM_NOT_FOUND']);
    expect(codes(await bench.act('rebootVm', 'nonsense'))).toEqual(['VM_NOT_FOUND']);
    expect(guest(id).restartsAskedFor).toEqual([]);
  });

  it('is not for other departments, and for administrators of all', async () => {
    const id = await bench.running();
    const input = { idempotencyKey: randomUUID(), vmId: id };
    const ask = (actor: Parameters<VmsUnderTest['ask']>[0]) =>
      bench.vms.ask(actor, `mutation ($input: VmActionInput!) { rebootVm(input: $input) { vm { id } } }`, { input });
    expect(codes(await ask(memberOf(randomUUID())))).toEqual(['VM_NOT_FOUND']);
    expect(codes(await ask('stranger'))).toBeDefined();
    expect(guest(id).restartsAskedFor).toEqual([]);
    expect(await ask(admin())).toMatchObject({ data: { rebootVm: { vm: { id } } } });
    await asked(id);
  });

  it('acts once for a key, and lets nobody press again while a guest is restarting', async () => {
    const id = await bench.running();
    const key = randomUUID();
    const answers = await Promise.all([1, 2, 3].map(() => bench.act('rebootVm', id, key)));
    // How far it has come meanwhile is told as it is at the time.
    const operationIn = ({ data }: (typeof answers)[number]) =>
      data?.['rebootVm'] as { operation: { id: string } } | undefined;
    const named = new Set(answers.map((answer) => operationIn(answer)?.operation.id));
    expect([named.size, named.has(undefined)]).toEqual([1, false]);
    await asked(id);
    expect((await bench.act('rebootVm', id)).errors).toMatchObject([
      { extensions: { code: 'VM_BUSY', details: { operation: 'REBOOT_VM' } } },
    ]);
    guest(id).hasRestarted = true;
    await ends(id, 'SUCCEEDED');
    expect(guest(id).restartsAskedFor).toHaveLength(1);
    await bench.act('rebootVm', id);
    await asked(id, 2);
  });

  it('sends the same operation again when the answer was lost', async () => {
    const id = await bench.running();
    let losses = 0;
    bench.neighbours.disturb = (name, vmId) => {
      if (name !== 'reboot-vm' || vmId !== id || losses === 2) return;
      losses += 1;
      throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.act('rebootVm', id);
    await asked(id);
    bench.neighbours.disturb = () => undefined;
    expect(losses).toBe(2);
    guest(id).hasRestarted = true;
    await ends(id, 'SUCCEEDED');
    expect(guest(id).restartsAskedFor).toHaveLength(1);
  });

  it('fails when the host says that it can not, and leaves the VM as it is', async () => {
    const id = await bench.running();
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'reboot-vm' && vmId === id) throw new DomainError('UNSUPPORTED_BY_DRIVER');
    };
    await bench.act('rebootVm', id);
    const vm = await ends(id, 'FAILED');
    bench.neighbours.disturb = () => undefined;
    expect(vm).toMatchObject({
      state: 'RUNNING',
      error: null,
      operations: [{ errorCode: 'UNSUPPORTED_BY_DRIVER' }, {}],
    });
  });

  it('starts a guest again that went off for it, and does not take that for a wish', async () => {
    const id = await bench.running();
    await bench.act('rebootVm', id);
    await asked(id);
    bench.neighbours.powerChange(id, 'shutting-down', 'user');
    bench.neighbours.powerChange(id, 'off', 'shutdown');
    await ends(id, 'SUCCEEDED');
    // One answer reads the VM and then its operations: what ended in between is read whole by the next.
    expect(await bench.view(id)).toMatchObject({ state: 'RUNNING' });
    expect(guest(id)).toMatchObject({ power: 'running', reason: 'booted' });
    expect(guest(id).restartsAskedFor).toHaveLength(1);
    expect(await bench.vms.get(PrismaClient).vm.findUnique({ where: { id } })).toMatchObject({ desired: 'RUNNING' });
  });

  it.each([
    ['shutdownVm', 'SHUTDOWN_VM', 'STOPPED'],
    ['forceOffVm', 'FORCE_OFF_VM', 'STOPPED'],
  ])('gives way to %s', async (mutation, kind, state) => {
    const id = await bench.running();
    await bench.act('rebootVm', id);
    await asked(id);
    await bench.act(mutation, id);
    if (mutation === 'shutdownVm') {
      await bench.until(id, 'the power button', () => guest(id).power === 'shutting-down');
      bench.neighbours.powerChange(id, 'off', 'shutdown');
    }
    expect(await bench.reaches(id, state)).toMatchObject({
      operations: [{ kind }, { kind: 'REBOOT_VM', status: 'SUPERSEDED' }, {}],
    });
    const metrics = await bench.vms.get(MetricsRegistry).registry.metrics();
    expect(metrics).toMatch(/infinibay_vm_task_seconds_count\{[^}]*kind="REBOOT_VM",outcome="superseded"[^}]*\} \d/);
  });
});

describe('rebootVm of a guest that takes its time', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '5' });
  }, 120_000);
  afterAll(() => bench.stop());

  it('fails after the grace while the VM runs on, and may be asked for again', async () => {
    const id = await bench.running();
    await bench.act('rebootVm', id);
    const failed = ({ operations }: { operations: readonly { status: string }[] }) =>
      operations[0]?.status === 'FAILED';
    expect(await bench.until(id, 'the end of the grace', failed)).toMatchObject({
      state: 'RUNNING',
      error: null,
      operations: [{ kind: 'REBOOT_VM', errorCode: 'DEADLINE_EXCEEDED' }, {}],
    });
    expect(await bench.vms.get(PrismaClient).vm.findUnique({ where: { id } })).toMatchObject({
      desired: 'RUNNING',
      reconcileAt: null,
      leaseOwner: null,
    });
    await bench.act('rebootVm', id);
    await bench.until(id, 'the second press', () => bench.neighbours.vm(id).restartsAskedFor.length === 2);
  });

  it('is failed when the guest stays on its way down', async () => {
    const id = await bench.running();
    await bench.act('rebootVm', id);
    await bench.until(id, 'the press', () => bench.neighbours.vm(id).restartsAskedFor.length === 1);
    bench.neighbours.powerChange(id, 'shutting-down', 'user');
    const vm = await bench.until(id, 'its end', ({ operations }) => operations[0]?.status === 'FAILED');
    expect(vm).toMatchObject({ state: 'RUNNING', operations: [{ errorCode: 'DEADLINE_EXCEEDED' }, {}] });
  });
});

describe('rebootVm of an instance that goes away', () => {
  // Longer than another takes to start, however busy the machine is.
  const SETTINGS = { SHUTDOWN_GRACE_SECONDS: '3600' };
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start(SETTINGS);
  }, 120_000);
  afterAll(() => bench.stop());

  it('is finished by another instance when the one that began it is gone', async () => {
    const id = await bench.running();
    await bench.act('rebootVm', id);
    await bench.until(id, 'the press', () => bench.neighbours.vm(id).restartsAskedFor.length === 1);
    await bench.vms.stop();
    bench.neighbours.vm(id).hasRestarted = true;
    const other = await VmsUnderTest.start(bench.database, SETTINGS);
    try {
      const operations = other.get(PrismaClient).operation;
      const where = { resourceId: id, kind: 'REBOOT_VM', status: 'SUCCEEDED' as const };
      await pollUntil(() => operations.count({ where }), { what: 'the end of the operation', timeoutMs: 60_000 });
      expect(bench.neighbours.vm(id).restartsAskedFor).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });
});
