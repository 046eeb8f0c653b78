import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench, type VmView } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

const SAVED = `query ($id: ID!) { vm(id: $id) { hasSavedMemory state pendingRestart { path } } }`;
const USAGE = `query ($id: ID!) { _entities(representations: [{ __typename: "Department", id: $id }]) {
  ... on Department { usage { diskGib } } } }`;

/** On simulated hosts; test/saves.int-spec.ts of the agent has real ones. */
describe('saveVm', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
    Object.assign(host(), { refusal: null, looksUntilComplete: 0, isSilent: false });
  });
  const host = () => bench.neighbours.saves;
  const database = () => bench.vms.get(PrismaClient);
  const row = (id: string) => database().vm.findUniqueOrThrow({ where: { id } });
  const view = async (id: string) => (await bench.vms.ask(bench.actor, SAVED, { id })).data?.['vm'];
  const diskGib = async (): Promise<number> => {
    const { data } = await bench.vms.ask(bench.actor, USAGE, { id: bench.departmentId });
    return (data?.['_entities'] as { usage: { diskGib: number } }[])[0]?.usage.diskGib ?? 0;
  };
  type Answer = Awaited<ReturnType<VmBench['act']>>;
  const codeOf = ({ errors }: Answer): unknown => errors?.[0]?.extensions.code;
  const ends = (vmId: string, kind: string, status = 'SUCCEEDED'): Promise<VmView> =>
    bench.until(vmId, `${kind} ${status}`, ({ operations: [last] }) => last?.kind === kind && last.status === status);
  const done = async (name: string, kind: string, vmId: string): Promise<VmView> => {
    expect(codeOf(await bench.act(name, vmId))).toBeUndefined();
    return ends(vmId, kind);
  };
  const saved = async (): Promise<string> => {
    const vmId = await bench.running();
    await done('saveVm', 'SAVE_VM', vmId);
    return vmId;
  };

  it('switches a VM off, shows that its memory is kept, counts it, and startVm brings it back', async () => {
    const vmId = await bench.running();
    const before = await diskGib();
    host().looksUntilComplete = 2;
    expect((await done('saveVm', 'SAVE_VM', vmId)).state).toBe('STOPPED');
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: true, state: 'STOPPED' });
    expect(await row(vmId)).toMatchObject({ desired: 'STOPPED', savedBytes: 134_217_728n });
    expect(await diskGib()).toBeCloseTo(before + 0.125);
    const calls = bench.neighbours.calls.length;
    await done('startVm', 'START_VM', vmId);
    const at = (name: string): number => bench.neighbours.calls.slice(calls).indexOf(name);
    expect([at('attach-vm') >= 0, at('protect-vm') < at('start-vm')]).toEqual([true, true]);
    expect(host().restored).toContain(vmId);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: false, state: 'RUNNING' });
    expect(await diskGib()).toBeCloseTo(before);
  }, 120_000);

  it('keeps what waits for a restart: the guest comes back as it was', async () => {
    const vmId = await bench.running();
    await bench.say('resizeVm', { vmId, vcpus: 2, memoryMib: 128 });
    await ends(vmId, 'RESIZE_VM');
    const { pendingRestart } = (await view(vmId)) as { pendingRestart: unknown[] };
    expect(pendingRestart).not.toEqual([]);
    await done('saveVm', 'SAVE_VM', vmId);
    bench.report();
    expect(await view(vmId)).toMatchObject({ pendingRestart, hasSavedMemory: true });
    expect((await row(vmId)).pendingRestart).not.toEqual([]);
  }, 120_000);

  it('keeps away what would not fit the memory any more, until it is thrown away', async () => {
    const vmId = await bench.running();
    const [attached, other] = [await bench.volume(), await bench.volume()];
    await bench.attach(vmId, attached);
    const snapshotId = await bench.snapshot(vmId);
    await done('saveVm', 'SAVE_VM', vmId);
    const refused = async (answer: Promise<Answer>): Promise<void> => {
      expect(codeOf(await answer)).toBe('VM_MEMORY_SAVED');
    };
    await refused(bench.say('resizeVm', { vmId, vcpus: 2, memoryMib: 256 }));
    await refused(bench.say('restoreVmRevision', { vmId }));
    await refused(bench.act('repairVmDrift', vmId));
    await refused(bench.act('acceptVmDrift', vmId));
    await refused(bench.move('attachVolume', vmId, other));
    await refused(bench.move('detachVolume', vmId, attached));
    await refused(bench.ofVolume('resizeVolume', { volumeId: attached, capacityGib: 2 }));
    await refused(bench.say('createVmSnapshot', { vmId, name: 'another' }));
    await refused(bench.say('revertVmToSnapshot', { vmId, snapshotId }));
    const cloudInit = { idempotencyKey: randomUUID(), vmId, cloudInit: { packages: ['nginx'] } };
    await refused(
      bench.vms.ask(bench.actor, 'mutation ($input: SetVmCloudInitInput!) { setVmCloudInit(input: $input) { id } }', {
        input: cloudInit,
      }),
    );
    expect(codeOf(await bench.act('saveVm', vmId))).toBe('VM_BUSY');
    for (const [mutation, kind] of [
      ['shutdownVm', 'SHUTDOWN_VM'],
      ['forceOffVm', 'FORCE_OFF_VM'],
    ] as const)
      await done(mutation, kind, vmId);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: true });
    await bench.actWith('startVm', vmId, 'discardSavedMemory: true');
    await ends(vmId, 'START_VM');
    expect([host().kept.has(vmId), host().restored.includes(vmId)]).toEqual([false, false]);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: false, state: 'RUNNING' });
  }, 120_000);

  it('of a VM that is suspended saves it, and deleteVm throws that away', async () => {
    const vmId = await bench.running();
    await done('suspendVm', 'SUSPEND_VM', vmId);
    expect((await done('saveVm', 'SAVE_VM', vmId)).state).toBe('STOPPED');
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(host().kept.has(vmId)).toBe(false);
  }, 120_000);

  it('that comes about after somebody has asked to delete the VM does not keep it', async () => {
    const vmId = await bench.running();
    bench.neighbours.disturb = async (name) => {
      if (name !== 'save-vm') return;
      bench.neighbours.disturb = () => undefined;
      await bench.act('deleteVm', vmId);
    };
    await bench.act('saveVm', vmId);
    await bench.isGone(vmId);
    expect(host().kept.has(vmId)).toBe(false);
  }, 120_000);

  it('that fails leaves the VM running, and takes up nothing', async () => {
    const vmId = await bench.running();
    host().refusal = 'POOL_FULL';
    await bench.act('saveVm', vmId);
    expect(await ends(vmId, 'SAVE_VM', 'FAILED')).toMatchObject({
      state: 'RUNNING',
      operations: [{ errorCode: 'POOL_FULL' }, {}],
    });
    expect(await row(vmId)).toMatchObject({ desired: 'RUNNING', savedBytes: null, savedAt: null });
    expect(bench.neighbours.vm(vmId).power).toBe('running');
  }, 120_000);

  it('of a guest that goes off by itself before fails, and starts none for it', async () => {
    const vmId = await bench.running();
    bench.neighbours.disturb = (name) => {
      if (name === 'save-vm') Object.assign(bench.neighbours.vm(vmId), { power: 'off', reason: 'shutdown' });
    };
    await bench.act('saveVm', vmId);
    const failed = await ends(vmId, 'SAVE_VM', 'FAILED');
    expect(failed.operations[0]?.errorCode).toBe('NOTHING_TO_SAVE');
    await bench.reaches(vmId, 'STOPPED');
    expect((await row(vmId)).savedBytes).toBeNull();
  }, 120_000);

  it('is refused where there is no room for the memory, in the pool or in the quota', async () => {
    const vmId = await bench.running();
    await bench.vms.ask(
      admin(),
      'mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { quota { diskGib } } }',
      { input: { idempotencyKey: randomUUID(), departmentId: bench.departmentId, diskGib: await diskGib() } },
    );
    expect(codeOf(await bench.act('saveVm', vmId))).toBe('QUOTA_EXCEEDED');
    await database().departmentQuota.deleteMany();
    const { volumes } = bench.neighbours;
    const { pool } = volumes;
    volumes.pool = { ...pool, availableBytes: 1 };
    const isToldOf = async (): Promise<boolean> => {
      bench.report();
      const [told] = await database().storagePool.findMany();
      return told?.availableBytes === BigInt(volumes.pool.availableBytes);
    };
    await pollUntil(isToldOf, { what: 'the report of the pool', timeoutMs: 60_000 });
    expect(codeOf(await bench.act('saveVm', vmId))).toBe('POOL_FULL');
    volumes.pool = pool;
    await pollUntil(isToldOf, { what: 'the report of the pool', timeoutMs: 60_000 });
    expect((await row(vmId)).savedAt).toBeNull();
  }, 120_000);

  it('that nobody has told of is shown when the VM comes to be off, and is gone when its host has none', async () => {
    const vmId = await bench.running();
    host().kept.add(vmId);
    await done('forceOffVm', 'FORCE_OFF_VM', vmId);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: true, state: 'STOPPED' });
    expect((await row(vmId)).savedBytes).toBe(134_217_728n);
    expect(codeOf(await bench.say('createVmSnapshot', { vmId, name: 'another' }))).toBe('VM_MEMORY_SAVED');
    // A start that used it up, and that somebody overtook.
    host().kept.delete(vmId);
    await done('forceOffVm', 'FORCE_OFF_VM', vmId);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: false });
    expect((await row(vmId)).savedBytes).toBeNull();
  }, 120_000);

  it('is not forgotten because its host can not be asked for it', async () => {
    const vmId = await saved();
    host().isSilent = true;
    await done('shutdownVm', 'SHUTDOWN_VM', vmId);
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: true });
  }, 120_000);

  it('that was thrown away for a start that fails is not shown any more', async () => {
    const vmId = await saved();
    bench.neighbours.disturb = (name) => {
      if (name === 'start-vm') throw new DomainError('IMAGE_MISSING');
    };
    await bench.actWith('startVm', vmId, 'discardSavedMemory: true');
    await bench.reaches(vmId, 'ERROR');
    expect(await view(vmId)).toMatchObject({ hasSavedMemory: false });
  }, 120_000);

  it('that an older version brought back is not shown any more', async () => {
    const vmId = await saved();
    // A late report would have a worker find the memory, and show it again.
    await bench.hold(vmId);
    await database().vm.update({ where: { id: vmId }, data: { state: 'RUNNING' } });
    expect(await row(vmId)).toMatchObject({ savedAt: null, savedBytes: null });
  }, 120_000);
});
