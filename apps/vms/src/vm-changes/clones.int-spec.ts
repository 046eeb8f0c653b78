import { randomUUID } from 'node:crypto';
import { DomainError, VmState } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { isAllowed } from '@infinibay/vms-domain';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench, type VmView } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

/** On simulated hosts; test/clones.int-spec.ts of the agent has real ones. */
describe('a clone of a VM', () => {
  let bench: VmBench;
  /** A VM that is off, and what is cloned unless a spec says otherwise. */
  let source: string;
  beforeAll(async () => {
    bench = await VmBench.start();
    source = await off({
      memoryMib: 256,
      maxMemoryMib: 512,
      description: 'Shop',
      tags: ['web'],
      cloudInit: { userName: 'alice', hostname: 'shop' },
    });
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(() => {
    bench.neighbours.disturb = () => undefined;
    Object.assign(host(), { looksUntilComplete: 0, refusal: null });
  });
  const disks = () => bench.neighbours.snapshots;
  const host = () => disks().clones;
  const database = () => bench.vms.get(PrismaClient);
  const row = (id: string) =>
    database().vm.findUniqueOrThrow({ where: { id }, include: { metadata: true, cloudInit: true, placement: true } });
  const named = (vmId = source) => ({ vmId, name: `clone-${randomUUID().slice(0, 8)}` });

  const off = async (overrides: Record<string, unknown> = {}): Promise<string> => {
    const vmId = await bench.running(overrides);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    return vmId;
  };
  const cloned = async (input: Record<string, unknown>, options?: string): Promise<string> => {
    const { vmId, ...more } = input;
    const answer =
      options === undefined
        ? await bench.say('cloneVm', input)
        : await bench.actWith('cloneVm', String(vmId), options, randomUUID(), more);
    if (answer.errors !== undefined) throw new Error(JSON.stringify(answer.errors));
    return (answer.data?.['cloneVm'] as { vm: { id: string } }).vm.id;
  };
  const refused = async (input: Record<string, unknown>, actor = bench.actor): Promise<unknown> =>
    (await bench.say('cloneVm', input, actor)).errors?.[0]?.extensions.code;
  const ends = (vmId: string, status: string): Promise<VmView> =>
    bench.until(vmId, status, ({ operations }) => operations[0]?.status === status);
  const copying = async (vmId: string): Promise<void> => {
    await pollUntil(
      async () => (await database().operation.findFirst({ where: { vmId, progressPercent: { gt: 0 } } })) !== null,
      { what: 'the copy to be under way' },
    );
  };

  it('is as the other is, off, with a disk, an owner, a card and an instance of cloud-init of its own', async () => {
    const content = disks().write(source);
    const id = await cloned(named());
    expect((await ends(id, 'SUCCEEDED')).state).toBe('STOPPED');
    const [before, after] = [await row(source), await row(id)];
    const { departmentId, hostId, imageId, networkId, vcpus, memoryMib, maxMemoryMib, diskBytes } = before;
    const same = { departmentId, hostId, imageId, networkId, vcpus, memoryMib, maxMemoryMib, diskBytes };
    expect(after).toMatchObject({ ...same, ownerId: bench.actor.userId, cloneSourceId: source, desired: 'STOPPED' });
    expect(after.metadata).toMatchObject({ description: 'Shop', tags: ['web'] });
    expect(after.cloudInit?.document).toMatchObject({ userName: 'alice', hostname: null });
    expect(after.cloudInit?.instanceId).not.toBe(before.cloudInit?.instanceId);
    expect([after.placement?.hostsConsidered, after.diskBuiltAt]).toEqual([1, expect.any(Date)]);
    const { power, disksMade, port, filter, hostname, name } = bench.neighbours.vm(id);
    expect({ power, disksMade, port, filter, hostname, name }).toEqual({
      power: 'off',
      disksMade: 1,
      port: true,
      filter: true,
      hostname: after.name,
      name: after.name,
    });
    expect(disks().content.get(id)).toBe(content);
    expect(bench.neighbours.seeds.of(id)?.metaData).toContain(after.name);
    expect(await database().operation.findFirst({ where: { vmId: id }, include: { steps: true } })).toMatchObject({
      kind: 'CLONE_VM',
      parameters: {},
      steps: [{ name: 'clone-disk', status: 'SUCCEEDED', attempts: 1 }],
    });
    expect(await bench.told(id)).toEqual(expect.arrayContaining(['created', 'updated']));
  }, 60_000);

  it('is started when that is asked for, and may be of one of its snapshots, also when that is gone since', async () => {
    const own = await off();
    const kept = disks().write(own);
    const snapshotId = await bench.snapshot(own);
    disks().write(own);
    const id = await cloned({ ...named(own), snapshotId }, 'start: true');
    expect((await ends(id, 'SUCCEEDED')).state).toBe('RUNNING');
    expect([disks().content.get(id), bench.neighbours.vm(id).power]).toEqual([kept, 'running']);
    const steps = await database().operationStep.findMany({ where: { operation: { vmId: id } } });
    expect(steps.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'SUCCEEDED'));
    await bench.say('deleteVmSnapshot', { vmId: own, snapshotId });
    await ends(own, 'SUCCEEDED');
    expect(await refused({ ...named(own), snapshotId })).toBe('SNAPSHOT_NOT_FOUND');
    // It has none of its own.
    expect(await bench.snapshots(id)).toEqual([]);
    await bench.act('startVm', own);
    await bench.reaches(own, 'RUNNING');
    expect(await refused(named(own))).toBe('VM_BUSY');
  }, 60_000);

  it('is told how far it is, and keeps everything but the end from the other meanwhile', async () => {
    host().looksUntilComplete = 9;
    const own = await off();
    const id = await cloned(named(own));
    await copying(id);
    for (const name of ['startVm', 'forceOffVm', 'resizeVm', 'createVmSnapshot', 'repairVmDrift'])
      expect([name, (await bench.act(name, own)).errors?.[0]?.extensions]).toMatchObject([
        name,
        { code: 'VM_BUSY', details: { operation: 'CLONE_VM' } },
      ]);
    for (const name of ['startVm', 'forceOffVm', 'shutdownVm'])
      expect([name, (await bench.act(name, id)).errors?.[0]?.extensions.code]).toEqual([name, 'VM_BUSY']);
    expect(await refused(named(id))).toBe('VM_BUSY');
    // Another one may be made of it at the same time.
    const twin = await cloned(named(own));
    host().looksUntilComplete = 0;
    await ends(id, 'SUCCEEDED');
    await ends(twin, 'SUCCEEDED');
    expect((await bench.act('startVm', own)).errors).toBeUndefined();
    await bench.reaches(own, 'RUNNING');
  }, 60_000);

  it('that is deleted while its disk is copied leaves nothing, and lets the other go', async () => {
    host().looksUntilComplete = 1_000_000;
    const own = await off();
    bench.neighbours.calls.length = 0;
    const id = await cloned(named(own));
    await pollUntil(() => bench.neighbours.calls.includes('clone-disk'), { what: 'the copy' });
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(bench.neighbours.leftovers()).not.toContain(id);
    expect((await bench.act('startVm', own)).errors).toBeUndefined();
    await bench.reaches(own, 'RUNNING');
  }, 60_000);

  it('whose other is deleted waits for nobody: it is in error with the reason, or the deletion waits for it', async () => {
    const own = await off();
    // It is accepted, and its copy does not begin.
    bench.neighbours.disturb = (name) => {
      if (name === 'clone-disk') throw new DomainError('HOST_UNAVAILABLE');
    };
    const id = await cloned(named(own));
    await bench.act('deleteVm', own);
    await bench.isGone(own);
    bench.neighbours.disturb = () => undefined;
    const { state, error } = await ends(id, 'FAILED');
    expect([state, error?.code]).toEqual(['ERROR', 'CLONE_SOURCE_UNUSABLE']);
    // No start makes it a VM with an empty disk.
    await bench.act('startVm', id);
    expect((await ends(id, 'FAILED')).error?.code).toBe('CLONE_SOURCE_UNUSABLE');
    expect([bench.neighbours.vm(id).disk, bench.neighbours.calls.includes('start-vm')]).toEqual([false, true]);
    await bench.act('deleteVm', id);
    await bench.isGone(id);
    expect(bench.neighbours.leftovers()).not.toContain(id);

    const late = await off();
    let looks = 0;
    bench.neighbours.disturb = (name, vmId) => {
      if (name === 'remove-disk' && vmId === late && (looks += 1) < 3) throw new DomainError('VM_BUSY', { vmId });
    };
    await bench.act('deleteVm', late);
    await bench.isGone(late);
    expect(looks).toBe(3);
  }, 90_000);

  it('whose copy takes long is not given up because one look at it failed', async () => {
    const own = await off();
    host().looksUntilComplete = 4;
    const id = await cloned(named(own));
    await copying(id);
    const createdAt = new Date(Date.now() - 3_600_000);
    await database().operation.updateMany({ where: { resourceId: id }, data: { createdAt } });
    let failed = 0;
    bench.neighbours.disturb = (name) => {
      if (name === 'clone-disk' && (failed += 1) === 1) throw new DomainError('HOST_UNAVAILABLE');
    };
    expect((await ends(id, 'SUCCEEDED')).state).toBe('STOPPED');
    expect(failed).toBeGreaterThan(1);
  }, 60_000);

  it('that could not be made shows why, and a start makes it after all', async () => {
    host().refusal = 'POOL_FULL';
    const own = await off();
    const content = disks().write(own);
    const id = await cloned(named(own));
    const { state, error } = await ends(id, 'FAILED');
    expect([state, error?.code]).toEqual(['ERROR', 'POOL_FULL']);
    // It does not keep the other.
    expect((await bench.act('repairVmDrift', own)).errors).toBeUndefined();
    await ends(own, 'SUCCEEDED');
    host().refusal = null;
    host().looksUntilComplete = 1;
    await bench.act('startVm', id);
    expect((await ends(id, 'SUCCEEDED')).state).toBe('RUNNING');
    expect([disks().content.get(id), bench.neighbours.vm(id).disksMade]).toEqual([content, 1]);
  }, 60_000);

  it('is refused where there is no room, no host, or another of its name, and nothing is left of it', async () => {
    const before = await database().vm.count();
    const { name } = await row(source);
    expect(await refused({ vmId: source, name })).toBe('NAME_TAKEN');
    for (const bad of ['', 'Big', 'a b', 'x'.repeat(64)])
      expect(await refused({ vmId: source, name: bad })).toBe('INVALID_INPUT');
    for (const snapshotId of [randomUUID(), 'no id'])
      expect(await refused({ ...named(), snapshotId })).toBe('SNAPSHOT_NOT_FOUND');
    const quota = (vms: number | null) =>
      bench.vms.ask(
        admin(),
        `mutation ($input: SetDepartmentQuotaInput!) { setDepartmentQuota(input: $input) { quota { vms } } }`,
        { input: { idempotencyKey: randomUUID(), departmentId: bench.departmentId, vms } },
      );
    expect((await quota(1)).errors).toBeUndefined();
    expect(await refused(named())).toBe('QUOTA_EXCEEDED');
    await quota(null);
    const { pool: reported } = bench.neighbours.volumes;
    const hasRoom = async (): Promise<boolean> => {
      bench.report();
      return (await database().storagePool.findFirstOrThrow()).availableBytes > 1n;
    };
    bench.neighbours.volumes.pool = { ...reported, availableBytes: 1 };
    await pollUntil(async () => !(await hasRoom()), { what: 'the pool to be full' });
    expect(await refused(named())).toBe('POOL_FULL');
    bench.neighbours.volumes.pool = reported;
    await pollUntil(hasRoom, { what: 'the pool to have room' });
    // Its disk is on that host alone.
    const { hostId } = await row(source);
    const { hardware: _hardware, tuning: _tuning, ...elsewhere } = await database().host.findFirstOrThrow();
    const other = { ...elsewhere, id: randomUUID(), hostname: 'other', cpus: 0 };
    await database().host.create({ data: other });
    await database().vm.update({ where: { id: source }, data: { hostId: other.id } });
    expect(await refused(named())).toBe('NO_SUITABLE_HOST');
    await database().vm.update({ where: { id: source }, data: { hostId } });
    expect(await database().vm.count()).toBe(before);
  }, 60_000);

  it('is made of a VM in no state but the ones that are said, and of none while anything is done to it', async () => {
    const { state } = await row(source);
    // What a host tells of it meanwhile has nobody bring the state back.
    await bench.hold(source);
    for (const other of VmState.options.filter((one) => !isAllowed('CLONE_VM', one))) {
      await database().vm.update({ where: { id: source }, data: { state: other } });
      expect([other, await refused(named())]).toEqual([other, other === 'DELETED' ? 'VM_NOT_FOUND' : 'VM_BUSY']);
      await database().vm.update({ where: { id: source }, data: { state } });
    }
    await bench.letGo(source);
    const own = await off();
    await bench.hold(own);
    await bench.say('createVmSnapshot', { vmId: own, name: 'under way' });
    expect(await refused(named(own))).toBe('VM_BUSY');
    await bench.letGo(own);
    await ends(own, 'SUCCEEDED');
    // It was switched off before it had a disk.
    await database().vm.update({ where: { id: own }, data: { diskBuiltAt: null } });
    expect(await refused(named(own))).toBe('VM_BUSY');
  }, 60_000);

  it("of another department's VM is not found, whoever of it asks", async () => {
    for (const vmId of [source, randomUUID(), 'no id'])
      expect(await refused(named(vmId), memberOf(randomUUID()))).toBe('VM_NOT_FOUND');
    const id = await cloned({ ...named() });
    await ends(id, 'SUCCEEDED');
    const stranger = memberOf(randomUUID());
    const { data } = await bench.vms.ask(stranger, 'query ($id: ID!) { vm(id: $id) { id } }', { id });
    expect(data?.['vm'] ?? null).toBeNull();
  }, 60_000);
});
