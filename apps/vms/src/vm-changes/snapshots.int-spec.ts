import { randomUUID } from 'node:crypto';
import { vmGuestConnected } from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { MAX_SNAPSHOTS } from '@infinibay/vms-domain';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { GuestConsumer } from '../guest/guest.consumer.js';
import { VmBench, type VmView } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

/** On simulated hosts; test/snapshots.int-spec.ts of the agent has real ones. */
describe('snapshots of a VM', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.snapshots.refusals.clear();
    bench.neighbours.snapshots.looksUntilComplete = 0;
  });
  const host = () => bench.neighbours.snapshots;
  const database = () => bench.vms.get(PrismaClient);

  const refused = async (name: string, input: Record<string, unknown>): Promise<unknown> =>
    (await bench.say(name, input)).errors?.[0]?.extensions.code;
  const accepted = async (name: string, input: Record<string, unknown>): Promise<void> => {
    const { errors } = await bench.say(name, input);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
  };
  const ends = (vmId: string, status: string): Promise<VmView> =>
    bench.until(vmId, status, ({ operations }) => operations[0]?.status === status);
  const done = async (name: string, input: Record<string, unknown> & { vmId: string }): Promise<VmView> => {
    await accepted(name, input);
    return ends(input.vmId, 'SUCCEEDED');
  };
  const off = async (): Promise<string> => {
    const vmId = await bench.running();
    await done('forceOffVm', { vmId });
    return vmId;
  };

  it('are taken of one that runs and of one that is off, and make a tree', async () => {
    const vmId = await bench.running();
    const first = await bench.snapshot(vmId, { name: 'Base', description: 'before the update' });
    const second = await bench.snapshot(vmId);
    await done('revertVmToSnapshot', { vmId, snapshotId: first });
    const third = await bench.snapshot(vmId);
    expect(await bench.snapshots(vmId)).toEqual([
      expect.objectContaining({ id: first, name: 'Base', description: 'before the update', parentId: null }),
      expect.objectContaining({ id: second, parentId: first, hasMemory: true, state: 'READY', isCurrent: false }),
      expect.objectContaining({ id: third, parentId: first, isCurrent: true, volumeIds: [] }),
    ]);
    expect((await bench.snapshots(vmId))[0]?.memoryGib).toBeCloseTo(50_000_000 / 2 ** 30);
    await done('deleteVmSnapshot', { vmId, snapshotId: first });
    const left = await bench.snapshots(vmId);
    expect(left.map(({ id, parentId }) => [id, parentId])).toEqual([
      [second, null],
      [third, null],
    ]);
    await done('deleteVmSnapshot', { vmId, snapshotId: third });
    expect((await bench.snapshots(vmId)).map(({ id, isCurrent }) => [id, isCurrent])).toEqual([[second, false]]);
    expect(host().of(vmId)).toEqual([second]);
    expect(await bench.told(vmId)).toEqual(expect.arrayContaining(['snapshot-taken', 'snapshot-deleted', 'reverted']));
    const offId = await off();
    await bench.snapshot(offId);
    expect(await bench.snapshots(offId)).toMatchObject([{ hasMemory: false, memoryGib: 0, isCurrent: true }]);
  }, 120_000);

  it('bring back what the disks held: off without memory, running with it', async () => {
    const vmId = await off();
    const content = host().write(vmId);
    const disks = await bench.snapshot(vmId);
    host().write(vmId);
    await done('startVm', { vmId });
    const memory = await bench.snapshot(vmId);
    const later = host().write(vmId);
    expect(later).toBeGreaterThan(content);

    expect((await done('revertVmToSnapshot', { vmId, snapshotId: disks })).state).toBe('STOPPED');
    expect([bench.neighbours.vm(vmId).power, host().content.get(vmId)]).toEqual(['off', content]);
    expect((await done('revertVmToSnapshot', { vmId, snapshotId: memory })).state).toBe('RUNNING');
    expect([bench.neighbours.vm(vmId).power, host().content.get(vmId)]).toEqual(['running', later - 1]);
    // It is meant to run from now on.
    bench.neighbours.powerChange(vmId, 'crashed', 'panicked');
    await pollUntil(() => bench.neighbours.vm(vmId).power === 'running', { what: 'the VM to be started again' });
    await bench.reaches(vmId, 'RUNNING');
    const answer = await bench.vms.ask(
      bench.actor,
      `mutation ($input: VmSnapshotInput!) { revertVmToSnapshot(input: $input, disksOnly: true) { vm { id } } }`,
      { input: { idempotencyKey: randomUUID(), vmId, snapshotId: memory } },
    );
    expect(answer.errors).toBeUndefined();
    expect((await ends(vmId, 'SUCCEEDED')).state).toBe('STOPPED');
    expect(bench.neighbours.vm(vmId).power).toBe('off');
  }, 120_000);

  it('keep everything else away while one is taken, reverted to or deleted, but the end of the VM', async () => {
    const vmId = await bench.running();
    host().looksUntilComplete = 1_000_000;
    await accepted('createVmSnapshot', { vmId });
    for (const name of ['startVm', 'forceOffVm', 'shutdownVm', 'rebootVm', 'resizeVm', 'createVmSnapshot'])
      expect([name, await refused(name, { vmId })]).toEqual([name, 'VM_BUSY']);
    const [{ id: snapshotId } = { id: '' }] = await bench.snapshots(vmId);
    for (const name of ['revertVmToSnapshot', 'deleteVmSnapshot'])
      expect([name, await refused(name, { vmId, snapshotId })]).toEqual([name, 'VM_BUSY']);
    await accepted('deleteVm', { vmId });
    await bench.isGone(vmId);
    expect(await database().vmSnapshot.count({ where: { vmId } })).toBe(0);
  }, 120_000);

  it('that can not be taken are removed, and the VM runs on; their names are free again', async () => {
    const vmId = await bench.running();
    host().refusals.set('create-snapshot', 'POOL_FULL');
    await accepted('createVmSnapshot', { vmId, name: 'Full' });
    const { state, operations } = await ends(vmId, 'FAILED');
    expect([state, operations[0]?.errorCode]).toEqual(['RUNNING', 'POOL_FULL']);
    await pollUntil(async () => (await bench.snapshots(vmId)).length === 0, { what: 'the snapshot to be gone' });
    expect(bench.neighbours.calls).toContain('delete-snapshot');
    host().refusals.clear();
    await bench.snapshot(vmId, { name: 'full' });
    expect(await refused('createVmSnapshot', { vmId, name: 'ＦＵＬＬ' })).toBe('NAME_TAKEN');
  }, 120_000);

  it('whose deletion fails can not be reverted to, and go when they can', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    host().refusals.set('delete-snapshot', 'UNSUPPORTED_BY_DRIVER');
    await accepted('deleteVmSnapshot', { vmId, snapshotId });
    expect((await ends(vmId, 'FAILED')).state).toBe('RUNNING');
    expect(await bench.snapshots(vmId)).toMatchObject([{ id: snapshotId, state: 'DELETING' }]);
    expect(await refused('revertVmToSnapshot', { vmId, snapshotId })).toBe('SNAPSHOT_BUSY');
    // Others that shall go do, and are told of.
    const other = await database().vmSnapshot.findUniqueOrThrow({ where: { id: snapshotId } });
    const [id, name] = [randomUUID(), 'left over'];
    await database().vmSnapshot.create({ data: { ...other, spec: {}, id, name, nameKey: name } });
    host().refusals.clear();
    await done('deleteVmSnapshot', { vmId, snapshotId });
    await pollUntil(async () => (await bench.snapshots(vmId)).length === 0, { what: 'all to be gone' });
  }, 120_000);

  it('that are not there any more change nothing', async () => {
    const vmId = await off();
    const content = host().write(vmId);
    const snapshotId = await bench.snapshot(vmId);
    host().held.delete(snapshotId);
    await accepted('revertVmToSnapshot', { vmId, snapshotId });
    const { operations } = await ends(vmId, 'FAILED');
    expect([operations[0]?.errorCode, host().content.get(vmId)]).toEqual(['SNAPSHOT_MISSING', content]);
    await bench.reaches(vmId, 'STOPPED');
    await done('startVm', { vmId });
  }, 120_000);

  it('whose revert ends half-way leave the VM in error, and no start boots what is left', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    host().refusals.set('revert-to-snapshot', 'REVERT_UNFINISHED');
    await accepted('revertVmToSnapshot', { vmId, snapshotId });
    expect((await ends(vmId, 'FAILED')).error?.code).toBe('REVERT_UNFINISHED');
    await accepted('startVm', { vmId });
    expect((await ends(vmId, 'FAILED')).error?.code).toBe('REVERT_UNFINISHED');
    expect(bench.neighbours.vm(vmId).power).toBe('off');
    // Also when the way back is deleted: somebody may want what there is.
    await done('deleteVmSnapshot', { vmId, snapshotId });
    const as =
      'mutation ($input: VmActionInput!) { startVm(input: $input, acceptUnfinishedRevert: true) { vm { id } } }';
    const start = await bench.vms.ask(bench.actor, as, { input: { idempotencyKey: randomUUID(), vmId } });
    expect(start.errors).toBeUndefined();
    expect((await ends(vmId, 'SUCCEEDED')).state).toBe('RUNNING');
    const other = await bench.running();
    const kept = await bench.snapshot(other);
    await accepted('revertVmToSnapshot', { vmId: other, snapshotId: kept });
    await ends(other, 'FAILED');
    host().refusals.clear();
    expect((await done('revertVmToSnapshot', { vmId: other, snapshotId: kept })).state).toBe('RUNNING');
  }, 120_000);

  it('do not keep a VM from being deleted that is just being brought back', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.attach(vmId, volumeId);
    const snapshotId = await bench.snapshot(vmId);
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const { promise: reached, resolve: arrive } = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name) => {
      if (name !== 'revert-to-snapshot') return undefined;
      arrive(undefined);
      return held;
    };
    await accepted('revertVmToSnapshot', { vmId, snapshotId });
    await reached;
    await accepted('deleteVm', { vmId });
    release(undefined);
    await bench.isGone(vmId);
    expect(bench.neighbours.leftovers()).not.toContain(vmId);
    await bench.volumeUntil(volumeId, 'the volume to be free', ({ attachment }) => attachment === null);
  }, 120_000);

  it('are told of once, and a revert is waited for that takes long', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    host().looksUntilComplete = 3;
    await done('revertVmToSnapshot', { vmId, snapshotId });
    const told = await bench.told(vmId);
    for (const kind of ['snapshot-taken', 'reverted'])
      expect([kind, told.filter((one) => one === kind)]).toEqual([kind, [kind]]);
  }, 120_000);

  it.each(['revert-to-snapshot', 'inspect-vm'])(
    'let a guest be ready that spoke before the VM shows it: %s',
    async (when) => {
      const vmId = await bench.running();
      const snapshotId = await bench.snapshot(vmId);
      const connected = (second: number) => {
        const data = { vmId, agentVersion: '1.0', connectedAt: new Date(second * 1_000).toISOString() };
        const about = { departmentId: bench.departmentId, resource: { kind: 'vm', id: vmId }, data } as const;
        return { ...newEvent(vmGuestConnected, about), data };
      };
      const guests = bench.vms.get(GuestConsumer);
      await guests.guestConnected(connected(1));
      bench.neighbours.disturb = async (name, id) => {
        const isBack = name === 'revert-to-snapshot' || bench.neighbours.vm(vmId).reason === 'from-snapshot';
        if (name === when && id === vmId && isBack) await guests.guestConnected(connected(2));
      };
      await done('revertVmToSnapshot', { vmId, snapshotId });
      const { state, guestReadyAt } = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
      expect([state, guestReadyAt?.getTime()]).toEqual(['RUNNING', 2_000]);
    },
    120_000,
  );

  it('forget the guest that was heard before a revert', async () => {
    const vmId = await bench.running();
    const snapshotId = await bench.snapshot(vmId);
    await database().vm.update({ where: { id: vmId }, data: { guestReadyAt: new Date(1_000) } });
    await done('revertVmToSnapshot', { vmId, snapshotId });
    expect((await database().vm.findUniqueOrThrow({ where: { id: vmId } })).guestReadyAt).toBeNull();
  }, 120_000);

  it('leave a guest standing still that did, and waiting for space that did', async () => {
    const vmId = await bench.running();
    await done('suspendVm', { vmId });
    await bench.snapshot(vmId);
    expect([(await bench.view(vmId))?.state, bench.neighbours.vm(vmId).power]).toEqual(['PAUSED', 'paused']);
    await done('resumeVm', { vmId });
    // Full: whoever deletes a snapshot to make room has the guest run on.
    bench.neighbours.vm(vmId).stuck = true;
    bench.neighbours.powerChange(vmId, 'paused', 'io-error');
    await bench.reaches(vmId, 'PAUSED');
    const [{ id: snapshotId } = { id: '' }] = await bench.snapshots(vmId);
    await done('deleteVmSnapshot', { vmId, snapshotId });
    bench.neighbours.vm(vmId).stuck = false;
    await bench.reaches(vmId, 'RUNNING');
  }, 120_000);

  it('are not taken where there is no room for them', async () => {
    const vmId = await bench.running();
    const before = bench.neighbours.volumes.pool;
    bench.neighbours.volumes.pool = { ...before, availableBytes: 1 };
    await pollUntil(
      async () => {
        bench.report();
        return (await database().storagePool.findFirstOrThrow()).availableBytes === 1n;
      },
      { what: 'the pool to be full' },
    );
    expect(await refused('createVmSnapshot', { vmId, name: 'no room' })).toBe('POOL_FULL');
    bench.neighbours.volumes.pool = before;
    await pollUntil(
      async () => {
        bench.report();
        return (await database().storagePool.findFirstOrThrow()).availableBytes > 1n;
      },
      { what: 'the pool to have room' },
    );
    await bench.snapshot(vmId);
  }, 120_000);

  it('with memory are of the size and the volumes that the VM has, and not of what waits for a restart', async () => {
    const vmId = await bench.running({ memoryMib: 256 });
    const snapshotId = await bench.snapshot(vmId);
    const volumeId = await bench.volume();
    await bench.attach(vmId, volumeId);
    expect(await refused('revertVmToSnapshot', { vmId, snapshotId })).toBe('SNAPSHOT_DISKS_DIFFER');
    const withVolume = await bench.snapshot(vmId);
    expect((await bench.snapshots(vmId))[1]?.volumeIds).toEqual([volumeId]);
    // What a snapshot is of stays as it is.
    expect((await bench.move('detachVolume', vmId, volumeId)).errors?.[0]?.extensions.code).toBe('VOLUME_IN_SNAPSHOT');
    const grow = () => bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 });
    expect((await grow()).errors?.[0]?.extensions.code).toBe('VOLUME_IN_SNAPSHOT');
    await done('resizeVm', { vmId, vcpus: 1, memoryMib: 512 });
    expect(await refused('createVmSnapshot', { vmId, name: 'waits' })).toBe('SNAPSHOT_SPEC_DIFFERS');
    await done('forceOffVm', { vmId });
    expect(await refused('revertVmToSnapshot', { vmId, snapshotId: withVolume })).toBe('SNAPSHOT_SPEC_DIFFERS');
    await done('restoreVmRevision', { vmId, revision: 1 });
    expect((await done('revertVmToSnapshot', { vmId, snapshotId: withVolume })).state).toBe('RUNNING');
    await done('deleteVmSnapshot', { vmId, snapshotId: withVolume });
    await bench.move('detachVolume', vmId, volumeId);
    await bench.volumeUntil(volumeId, 'the volume to be free', ({ attachment }) => attachment === null);
  }, 240_000);

  it('let go of the volumes that outlive the VM', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.attach(vmId, volumeId);
    await bench.snapshot(vmId);
    await accepted('deleteVm', { vmId });
    await bench.isGone(vmId);
    await bench.volumeUntil(volumeId, 'the volume to be free', ({ attachment }) => attachment === null);
    expect((await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 })).errors).toBeUndefined();
  }, 120_000);

  it('are refused of volumes that come, go or grow just now', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.attach(vmId, volumeId);
    for (const change of [{ state: 'RESIZING' }, { attachment: 'DETACHING' }] as const) {
      const before = await database().volume.findUniqueOrThrow({ where: { id: volumeId } });
      await database().volume.update({ where: { id: volumeId }, data: change });
      expect(await refused('createVmSnapshot', { vmId, name: 'now' })).toBe('VOLUME_BUSY');
      const { state, attachment } = before;
      await database().volume.update({ where: { id: volumeId }, data: { state, attachment } });
    }
  }, 120_000);

  it('are counted: so many of a VM, and their memory as disk of the department', async () => {
    const vmId = await off();
    // The first is under way until all have asked.
    await bench.hold(vmId);
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, at) => bench.say('createVmSnapshot', { vmId, name: `at once ${at}` })),
    );
    // One at a time: whoever else asks is told so.
    expect(taken.filter(({ errors }) => errors === undefined)).toHaveLength(1);
    await bench.letGo(vmId);
    await ends(vmId, 'SUCCEEDED');
    const row = await database().vmSnapshot.findFirstOrThrow({ where: { vmId } });
    for (let more = 1; more < MAX_SNAPSHOTS; more += 1) {
      const [id, name] = [randomUUID(), `filled ${more}`];
      await database().vmSnapshot.create({ data: { ...row, spec: {}, id, name, nameKey: name } });
    }
    expect(await refused('createVmSnapshot', { vmId, name: 'one more' })).toBe('SNAPSHOT_LIMIT_REACHED');

    const own = await bench.running();
    const quota = (diskGib: number | null) =>
      bench.vms.ask(
        admin(),
        `mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { quota { diskGib } } }`,
        { input: { idempotencyKey: randomUUID(), departmentId: bench.departmentId, diskGib } },
      );
    expect((await quota(0.01)).errors).toBeUndefined();
    expect(await refused('createVmSnapshot', { vmId: own, name: 'too much' })).toBe('QUOTA_EXCEEDED');
    expect(await bench.snapshots(own)).toEqual([]);
    await quota(null);
    await bench.snapshot(own);
  }, 240_000);

  it("of another VM, or of another department's, are not found", async () => {
    const [vmId, other] = [await bench.running(), await bench.running()];
    const snapshotId = await bench.snapshot(other);
    for (const name of ['revertVmToSnapshot', 'deleteVmSnapshot']) {
      for (const id of [snapshotId, randomUUID(), 'no id'])
        expect([name, await refused(name, { vmId, snapshotId: id })]).toEqual([name, 'SNAPSHOT_NOT_FOUND']);
      const stranger = memberOf(randomUUID());
      const answer = await bench.say(name, { vmId: other, snapshotId }, stranger);
      expect([name, answer.errors?.[0]?.extensions.code]).toEqual([name, 'VM_NOT_FOUND']);
    }
    expect(await bench.snapshots(other, memberOf(randomUUID()))).toEqual([]);
    expect(host().of(other)).toEqual([snapshotId]);
  }, 120_000);

  it('have names that people can see', async () => {
    const vmId = await bench.running();
    for (const name of ['', '   ', 'a\u202eb', 'x'.repeat(121)])
      expect([name, await refused('createVmSnapshot', { vmId, name })]).toEqual([name, 'INVALID_INPUT']);
    expect(await refused('createVmSnapshot', { vmId, name: 'a', description: 'x'.repeat(1_001) })).toBe(
      'INVALID_INPUT',
    );
  }, 60_000);

  it('of a VM in error that is off are deleted, and it stays as it is', async () => {
    const vmId = await off();
    const snapshotId = await bench.snapshot(vmId);
    await database().vm.update({ where: { id: vmId }, data: { state: 'ERROR', errorCode: 'HYPERVISOR_ERROR' } });
    expect((await done('deleteVmSnapshot', { vmId, snapshotId })).state).toBe('ERROR');
    expect(await bench.snapshots(vmId)).toEqual([]);
    expect(bench.neighbours.vm(vmId).power).toBe('off');
  }, 60_000);
});
