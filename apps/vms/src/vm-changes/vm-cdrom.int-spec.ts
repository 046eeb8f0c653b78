import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { askOfImage, imageUntil, uploadBegun } from '../testing/image-requests.js';
import { TransferBench } from '../testing/transfer-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const VM = `query ($id: ID!) { vm(id: $id) { cdromImage { id } pendingRestart { path reason declaredValue actualValue } } }`;
const waiting = (imageId: string) => ({
  path: 'cdrom',
  reason: 'BOUND_AT_BOOT',
  declaredValue: JSON.stringify(imageId),
  actualValue: 'null',
});

interface CdromView {
  readonly cdromImage: { readonly id: string } | null;
  readonly pendingRestart: readonly Record<string, unknown>[];
}

describe('the CD-ROM of a VM', () => {
  let bench: VmBench;
  let first: string;
  let second: string;
  beforeAll(async () => {
    bench = await VmBench.start();
    [first, second] = [await iso(), await iso()];
  }, 180_000);
  afterAll(() => bench.stop());

  const database = () => bench.vms.get<PrismaClient>(PrismaClient);
  const cdroms = () => bench.neighbours.seeds.cdroms;
  /** Until the host is known to have it, or not to. */
  const hostHas = (imageId: string, has: boolean) =>
    pollUntil(
      async () => {
        bench.neighbours.heartbeat();
        const hosts = await database().hostImage.count({ where: { imageId } });
        return has ? hosts > 0 : hosts === 0;
      },
      { what: `a host that ${has ? 'has' : 'lacks'} the ISO`, timeoutMs: 60_000, intervalMs: 250 },
    );
  const iso = async (): Promise<string> => {
    const { id } = (await uploadBegun(bench, { format: 'ISO' })).image;
    await imageUntil(bench, id, 'READY');
    await hostHas(id, true);
    return id;
  };
  const ended = (id: string, status = 'SUCCEEDED') =>
    bench.until(
      id,
      `the CD-ROM ${status}`,
      ({ operations: [last] }) => last?.kind === 'SET_VM_CDROM' && last.status === status,
    );
  const put = async (vmId: string, imageId: string | null): Promise<void> => {
    expect((await bench.say('setVmCdrom', { vmId, imageId })).errors).toBeUndefined();
    await ended(vmId);
  };
  const codeOf = async (vmId: string, imageId: string | null, actor = bench.actor) =>
    (await bench.say('setVmCdrom', { vmId, imageId }, actor)).errors?.[0]?.extensions.code;
  const view = async (id: string) => {
    const vm = (await bench.vms.ask(bench.actor, VM, { id })).data?.['vm'] as CdromView;
    return { has: vm.cdromImage?.id ?? null, waits: vm.pendingRestart, ...cdroms().of(id) };
  };
  const off = async (id: string): Promise<void> => {
    await bench.act('forceOffVm', id);
    await bench.reaches(id, 'STOPPED');
  };
  const restarted = async (id: string): Promise<void> => {
    await off(id);
    await bench.act('startVm', id);
    await bench.reaches(id, 'RUNNING');
  };

  it('waits for the next start of a guest without a drive, and comes and goes at once in one that has it', async () => {
    const vmId = await bench.running();
    await put(vmId, first);
    expect(await view(vmId)).toEqual({ has: first, waits: [waiting(first)], defined: first, live: undefined });
    await restarted(vmId);
    expect(await view(vmId)).toEqual({ has: first, waits: [], defined: first, live: first });
    const { calls } = bench.neighbours;
    expect(calls.lastIndexOf('set-cdrom')).toBeGreaterThan(calls.lastIndexOf('define-vm'));
    await put(vmId, second);
    expect(await view(vmId)).toEqual({ has: second, waits: [], defined: second, live: second });
    await put(vmId, null);
    expect(await view(vmId)).toEqual({ has: null, waits: [], defined: undefined, live: null });
    await off(vmId);
    await put(vmId, first);
    expect(await view(vmId)).toEqual({ has: first, waits: [], defined: first, live: undefined });
  }, 120_000);

  it('that a guest holds on to fails in its time, and what was asked for is there from the next start on', async () => {
    const vmId = await bench.running();
    await put(vmId, first);
    await restarted(vmId);
    cdroms().isHeld = true;
    const asked = bench.actWith('setVmCdrom', vmId, 'timeoutSeconds: 1', randomUUID(), { imageId: second });
    expect((await asked).errors).toBeUndefined();
    await ended(vmId, 'FAILED');
    cdroms().isHeld = false;
    const seen = await bench.view(vmId);
    expect([seen?.state, seen?.operations[0]?.errorCode]).toEqual(['RUNNING', 'DEADLINE_EXCEEDED']);
    expect(await view(vmId)).toEqual({ has: second, waits: [waiting(second)], defined: first, live: first });
    // Memory would be brought back with what the guest has, and not with what it shall have.
    expect((await bench.act('saveVm', vmId)).errors?.[0]?.extensions.code).toBe('VM_BUSY');
    const snapshot = await bench.say('createVmSnapshot', { vmId });
    expect(snapshot.errors?.[0]?.extensions.code).toBe('SNAPSHOT_SPEC_DIFFERS');
    await restarted(vmId);
    expect(await view(vmId)).toEqual({ has: second, waits: [], defined: second, live: second });
  }, 120_000);

  it('is an ISO that the department may use and its host has, and is kept for as long as it is in', async () => {
    const vmId = await bench.running();
    expect(await codeOf(vmId, bench.neighbours.imageId)).toBe('IMAGE_NOT_AN_ISO');
    for (const unknown of [randomUUID(), 'no id']) expect(await codeOf(vmId, unknown)).toBe('IMAGE_NOT_FOUND');
    const other = randomUUID();
    const set = (id: string, data: Prisma.ImageUncheckedUpdateInput) =>
      database().image.update({ where: { id }, data });
    await set(second, { departmentId: other });
    expect(await codeOf(vmId, second)).toBe('IMAGE_NOT_FOUND');
    await set(second, { departmentId: bench.departmentId, state: 'FAILED' });
    expect(await codeOf(vmId, second)).toBe('IMAGE_BUSY');
    await set(second, { state: 'READY' });
    expect(await codeOf(vmId, first, memberOf(other))).toBe('VM_NOT_FOUND');
    const away = await iso();
    bench.neighbours.images.imported.delete(away);
    await hostHas(away, false);
    expect(await codeOf(vmId, away)).toBe('IMAGE_NOT_ON_HOST');
    const used = await iso();
    const deletion = async () => (await askOfImage(bench, 'deleteImage', { imageId: used })).errors?.[0]?.extensions;
    await put(vmId, used);
    expect((await deletion())?.code).toBe('IMAGE_IN_USE');
    await put(vmId, null);
    expect(await deletion()).toBeUndefined();
  }, 120_000);

  it('stays in a VM that is transferred when it is for all, and with its department when it is its own', async () => {
    const to = new TransferBench(bench, database);
    const shared = await iso();
    await database().image.update({ where: { id: shared }, data: { departmentId: null } });
    for (const imageId of [first, shared]) {
      const vmId = await to.off();
      await put(vmId, imageId);
      expect(await to.ask({ vmId })).toBeNull();
      const { vm, operation } = await to.ended(vmId);
      const stays = imageId === shared ? shared : null;
      expect([operation.status, vm.cdromImageId]).toEqual(['SUCCEEDED', stays]);
      expect(cdroms().of(vmId).defined).toBe(stays ?? undefined);
    }
  }, 120_000);

  it('is what a VM is installed from, on an empty disk that is booted first, and is kept with the VM', async () => {
    const imageId = await iso();
    const unsaid = await bench.create(bench.input({ imageId }));
    expect(unsaid.errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
    bench.neighbours.calls.length = 0;
    const vmId = await bench.running({ imageId, diskGib: 1 / 64 });
    expect(await view(vmId)).toEqual({ has: imageId, waits: [], defined: imageId, live: imageId });
    expect(bench.neighbours.calls).toContain('ensure-empty-disk');
    expect(bench.neighbours.calls).not.toContain('ensure-disk');
    expect(bench.neighbours.vm(vmId).hardware?.bootOrder).toEqual(['DISK', 'CDROM']);
    await put(vmId, null);
    const refused = await askOfImage(bench, 'deleteImage', { imageId });
    expect(refused.errors?.[0]?.extensions.code).toBe('IMAGE_IN_USE');
  }, 120_000);

  it('is not in the drive of a clone', async () => {
    const vmId = await bench.running();
    await off(vmId);
    await put(vmId, first);
    const name = `clone-${randomUUID().slice(0, 8)}`;
    const { data, errors } = await bench.say('cloneVm', { vmId, name });
    expect(errors).toBeUndefined();
    const { id } = (data?.['cloneVm'] as { vm: { id: string } }).vm;
    await bench.reaches(id, 'STOPPED');
    expect(await view(id)).toMatchObject({ has: null, waits: [] });
  }, 120_000);

  it('keeps the VM on its host, and is changed while no snapshot holds memory', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    for (const imageId of [first, null]) expect(await codeOf(vmId, imageId)).toBe('SNAPSHOT_HOLDS_MEMORY');
    expect((await bench.say('deleteVmSnapshot', { vmId, snapshotId })).errors).toBeUndefined();
    await bench.until(vmId, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    await put(vmId, first);
    const query = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { operation { id } } }';
    const isRefused = async () => {
      const { errors } = await bench.vms.ask(admin(), query, { input: { idempotencyKey: randomUUID(), vmId } });
      const refusal = errors?.[0]?.extensions;
      expect([refusal?.code, refusal?.details['reason']]).toEqual(['VM_NOT_MIGRATABLE', 'CDROM']);
    };
    await isRefused();
    await restarted(vmId);
    // Its guest has it yet, whatever shall be in its drive.
    cdroms().isHeld = true;
    const asked = bench.actWith('setVmCdrom', vmId, 'timeoutSeconds: 1', randomUUID(), { imageId: null });
    expect((await asked).errors).toBeUndefined();
    await ended(vmId, 'FAILED');
    cdroms().isHeld = false;
    await isRefused();
  }, 120_000);
});
