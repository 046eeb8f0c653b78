import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';

const GIB = 1_073_741_824;

describe('volumes when something goes wrong', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ RETRY_LIMIT_SECONDS: '10' });
  }, 120_000);
  afterEach(() => {
    host().refusals.clear();
    host().kept.clear();
    host().losesAnswers = false;
    bench.neighbours.disturb = () => undefined;
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.volumes;
  const codeOf = ({ errors }: Awaited<ReturnType<VmBench['move']>>): string | undefined => errors?.[0]?.extensions.code;
  const ended = (vmId: string, kind: string, status: string) =>
    bench.until(vmId, `${kind} ${status}`, ({ operations }) =>
      operations.some((operation) => operation.kind === kind && operation.status === status),
    );
  const isFree = (volumeId: string) => bench.volumeUntil(volumeId, 'freedom', ({ attachment }) => attachment === null);
  const isAttached = (volumeId: string) =>
    bench.volumeUntil(volumeId, 'the attachment', ({ attachment }) => attachment === 'ATTACHED');
  const isRemoved = (volumeId: string) =>
    pollUntil(() => host().files.get(volumeId)?.capacityBytes === null, { what: 'the removal', timeoutMs: 30_000 });
  const withVolume = async (): Promise<[vmId: string, volumeId: string]> => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.attach(vmId, volumeId);
    return [vmId, volumeId];
  };
  const off = async (vmId: string): Promise<void> => {
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
  };

  it('are freed by whoever deletes their VM, also by one that knows of none', async () => {
    const [vmId, kept] = await withVolume();
    const condemned = await bench.volume();
    await bench.attach(vmId, condemned);
    await database().volume.update({ where: { id: condemned }, data: { isUnwanted: true, state: 'DELETING' } });
    // As the version before writes it.
    await database()
      .$executeRaw`UPDATE vms SET state = 'DELETED', active_name = NULL, deleted_at = now() WHERE id = ${vmId}::uuid`;
    expect(await bench.volumeView(kept)).toMatchObject({ state: 'AVAILABLE', attachment: null, vm: null });
    await isRemoved(condemned);
  });

  it('that a guest keeps keep nobody from getting another back', async () => {
    const [vmId, kept] = await withVolume();
    const other = await bench.volume();
    await bench.attach(vmId, other);
    host().kept.add(kept);
    await bench.move('detachVolume', vmId, kept);
    await bench.say('resizeVm', { vmId, vcpus: 2, memoryMib: 128 });
    await ended(vmId, 'RESIZE_VM', 'SUCCEEDED');
    await bench.move('detachVolume', vmId, other);
    await ended(vmId, 'DETACH_VOLUME', 'SUCCEEDED');
    await isFree(other);
    expect(await bench.volumeView(kept)).toMatchObject({ attachment: 'DETACHING' });
    host().kept.clear();
    await isFree(kept);
  });

  it('that a guest lets go of while it keeps another are free, though nobody waits for either', async () => {
    const [vmId, kept] = await withVolume();
    const other = await bench.volume();
    await bench.attach(vmId, other);
    host().kept.add(kept);
    const where = { attachedVmId: vmId };
    await database().volume.updateMany({ where, data: { attachment: 'DETACHING' } });
    await database().vm.update({ where: { id: vmId }, data: { reconcileAt: new Date() } });
    await isFree(other);
    expect(await bench.volumeView(kept)).toMatchObject({ attachment: 'DETACHING' });
  });

  it('that are asked back while another is taken away are not said to be gone before they are', async () => {
    const [vmId, leftover] = await withVolume();
    const asked = await bench.volume();
    await bench.attach(vmId, asked);
    host().kept.add(asked);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = 0;
    bench.neighbours.disturb = async (name, of) => {
      if (name !== 'detach-volume' || of !== vmId) return;
      begun += 1;
      await held;
    };
    await database().volume.update({ where: { id: leftover }, data: { attachment: 'DETACHING' } });
    await database().vm.update({ where: { id: vmId }, data: { reconcileAt: new Date() } });
    await pollUntil(() => begun === 1, { what: 'the host to be asked for the left-over' });
    expect(codeOf(await bench.move('detachVolume', vmId, asked))).toBeUndefined();
    release();
    await isFree(leftover);
    await pollUntil(() => begun > 2, { what: 'the host to be asked again for the other', timeoutMs: 60_000 });
    expect((await bench.view(vmId))?.operations[0]).toMatchObject({ kind: 'DETACH_VOLUME', status: 'RUNNING' });
    host().kept.clear();
    await ended(vmId, 'DETACH_VOLUME', 'SUCCEEDED');
    await isFree(asked);
  });

  it('that cannot be attached hold up no other, and are attached when they can', async () => {
    const [vmId, bad, good] = [await bench.running(), await bench.volume(), await bench.volume()];
    host().refusals.set(bad, 'HYPERVISOR_ERROR');
    await bench.move('attachVolume', vmId, bad);
    await bench.say('resizeVm', { vmId, vcpus: 2, memoryMib: 128 });
    await ended(vmId, 'RESIZE_VM', 'SUCCEEDED');
    await bench.move('attachVolume', vmId, good);
    await isAttached(good);
    await ended(vmId, 'ATTACH_VOLUME', 'SUCCEEDED');
    expect(await bench.volumeView(bad)).toMatchObject({ attachment: 'ATTACHING' });
    host().refusals.clear();
    await isAttached(bad);
  });

  it('that turn out never to be attachable are given back, and hold up no start', async () => {
    const [vmId, bad] = [await bench.running(), await bench.volume()];
    await off(vmId);
    host().refusals.set(bad, 'HYPERVISOR_ERROR');
    await bench.move('attachVolume', vmId, bad);
    await bench.act('startVm', vmId);
    host().refusals.set(bad, 'VOLUME_MISSING');
    await bench.reaches(vmId, 'RUNNING');
    await isFree(bad);
  });

  it('are taken back while they are being attached, and only they', async () => {
    const [vmId, attached] = await withVolume();
    const coming = await bench.volume();
    host().refusals.set(coming, 'HYPERVISOR_ERROR');
    await bench.move('attachVolume', vmId, coming);
    expect(codeOf(await bench.move('detachVolume', vmId, attached))).toBe('VM_BUSY');
    expect(codeOf(await bench.move('detachVolume', vmId, coming))).toBeUndefined();
    await isFree(coming);
    await ended(vmId, 'ATTACH_VOLUME', 'SUPERSEDED');
    expect(await bench.volumeView(attached)).toMatchObject({ attachment: 'ATTACHED' });
  });

  it('whose storage is away for a while do not put their running VM in error', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    host().refusals.set(volumeId, 'STORAGE_UNAVAILABLE');
    await bench.move('attachVolume', vmId, volumeId);
    const attempts = () => bench.neighbours.calls.filter((call) => call === 'attach-volume').length;
    const before = attempts();
    await pollUntil(() => attempts() > before + 1, { what: 'another attempt', timeoutMs: 30_000 });
    expect(await bench.view(vmId)).toMatchObject({ state: 'RUNNING', error: null });
    host().refusals.clear();
    await isAttached(volumeId);
  });

  it('come back from a VM in error that cannot start because of one, which then can', async () => {
    const [vmId, lost] = await withVolume();
    await off(vmId);
    host().refusals.set(lost, 'VOLUME_MISSING');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'ERROR');
    await bench.move('detachVolume', vmId, lost);
    await ended(vmId, 'DETACH_VOLUME', 'SUCCEEDED');
    expect(await bench.view(vmId)).toMatchObject({ state: 'ERROR', error: { code: 'VOLUME_MISSING' } });
    await isFree(lost);
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
  });

  it('stay with a VM in error whose host is away when they are asked back', async () => {
    const [vmId, lost] = await withVolume();
    await off(vmId);
    host().refusals.set(lost, 'VOLUME_MISSING');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'ERROR');
    bench.neighbours.disturb = (name) => {
      if (name === 'detach-volume') throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.move('detachVolume', vmId, lost, ', timeoutSeconds: 1');
    await ended(vmId, 'DETACH_VOLUME', 'FAILED');
    expect(await bench.view(vmId)).toMatchObject({ state: 'ERROR', error: { code: 'VOLUME_MISSING' } });
    expect(await bench.volumeView(lost)).toMatchObject({ attachment: 'ATTACHED' });
  });

  it('that were to go with a VM stay when its deletion failed and it was started again', async () => {
    const [vmId, volumeId] = await withVolume();
    bench.neighbours.disturb = (name, of) => {
      if (name === 'undefine-vm' && of === vmId) throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.actWith('deleteVm', vmId, 'deleteVolumes: true');
    await bench.reaches(vmId, 'ERROR');
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'DELETING' });
    bench.neighbours.disturb = () => undefined;
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'AVAILABLE', attachment: 'ATTACHED' });
    const { name, departmentId } = await database().volume.findUniqueOrThrow({ where: { id: volumeId } });
    const again = await bench.ofVolume('createVolume', { departmentId, name, capacityGib: 1 });
    expect(codeOf(again)).toBe('NAME_TAKEN');
    await bench.actWith('deleteVm', vmId, 'deleteVolumes: false');
    await bench.isGone(vmId);
    expect(host().files.get(volumeId)?.capacityBytes).toBe(GIB);
  });

  it('that were growing when their VM was to be deleted grow on when it is not', async () => {
    const [vmId, volumeId] = await withVolume();
    host().refusals.set(volumeId, 'HYPERVISOR_ERROR');
    await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 });
    bench.neighbours.disturb = (name, of) => {
      if (name === 'undefine-vm' && of === vmId) throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.actWith('deleteVm', vmId, 'deleteVolumes: true');
    await bench.reaches(vmId, 'ERROR');
    bench.neighbours.disturb = () => undefined;
    host().refusals.clear();
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    await pollUntil(() => host().files.get(volumeId)?.capacityBytes === 2 * GIB, {
      what: 'the growth',
      timeoutMs: 30_000,
    });
    await bench.volumeUntil(volumeId, 'rest', ({ state, capacityGib }) => state === 'AVAILABLE' && capacityGib === 2);
  });

  it('that go with their VM go although a growth of them fails late', async () => {
    const [vmId, volumeId] = await withVolume();
    let open = (): void => undefined;
    host().gate = new Promise((resolve) => (open = resolve));
    await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 });
    const isGrowing = { resourceId: volumeId, steps: { some: { name: 'grow-volume', status: 'RUNNING' as const } } };
    await pollUntil(async () => (await database().operation.count({ where: isGrowing })) === 1, { what: 'growth' });
    await bench.actWith('deleteVm', vmId, 'deleteVolumes: true');
    await bench.isGone(vmId);
    // Nobody waits that long.
    const data = { createdAt: new Date(Date.now() - 3_600_000) };
    await database().operation.updateMany({ where: { resourceId: volumeId, kind: 'RESIZE_VOLUME' }, data });
    host().refusals.set(volumeId, 'POOL_FULL');
    open();
    const where = { resourceId: volumeId, kind: 'RESIZE_VOLUME' };
    await pollUntil(async () => (await database().operation.findFirst({ where }))?.status === 'SUPERSEDED', {
      what: 'the end of the growth',
    });
    host().refusals.clear();
    await isRemoved(volumeId);
    await pollUntil(async () => (await bench.volumeView(volumeId)) === undefined, { what: 'its end' });
  });

  it('that grew although nobody heard of it are as large as they are', async () => {
    const volumeId = await bench.volume();
    host().losesAnswers = true;
    await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 });
    const where = { resourceId: volumeId, kind: 'RESIZE_VOLUME' };
    await pollUntil(async () => (await database().operation.findFirst({ where }))?.status === 'FAILED', {
      what: 'the failure',
      timeoutMs: 60_000,
    });
    expect(await bench.volumeView(volumeId)).toMatchObject({ state: 'AVAILABLE', capacityGib: 2 });
  });
});
