import { randomUUID } from 'node:crypto';
import { DomainError, type Actor } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { askOfImage, importedImage } from '../testing/image-requests.js';
import { placementGroup } from '../testing/placement-requests.js';
import { PORT } from '../testing/simulated-links.js';
import { TransferBench } from '../testing/transfer-bench.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const VM = 'query ($id: ID!) { vm(id: $id) { id } }';
const IMAGE = 'query ($id: ID!) { vm(id: $id) { image { id } } }';
const USAGE = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Department { usage { vms diskGib } } } }`;
const GIB = 1_073_741_824n;

describe('a VM that is given to another department', () => {
  let bench: VmBench;
  let to: TransferBench;
  beforeAll(async () => {
    bench = await VmBench.start();
    to = new TransferBench(bench, database);
  }, 120_000);
  afterAll(() => bench.stop());
  afterEach(async () => {
    bench.neighbours.ports.full.clear();
    bench.neighbours.disturb = () => undefined;
    await database().departmentQuota.deleteMany();
  });

  const database = () => bench.vms.get<PrismaClient>(PrismaClient);
  const row = (id: string) => database().vm.findUniqueOrThrow({ where: { id } });
  const newest = (vmId: string) => database().operation.findFirst({ where: { vmId }, orderBy: { createdAt: 'desc' } });
  const codeOf = async (by: Actor, vmId: string): Promise<unknown> =>
    (await bench.vms.ask(by, VM, { id: vmId })).errors?.[0]?.extensions.code ?? null;
  const usageOf = async (departmentId: string): Promise<unknown> => {
    const of = [{ __typename: 'Department', id: departmentId }];
    const { data } = await bench.vms.ask(admin(), USAGE, { of });
    return (data?.['_entities'] as { usage: unknown }[])[0]?.usage;
  };
  const limited = (departmentId: string, limits: { vms?: bigint; diskBytes?: bigint }) =>
    database().departmentQuota.create({ data: { departmentId, ...limits } });

  it('goes with its volumes and snapshots, and has its card, filter and definition there alone', async () => {
    const there = new TransferBench(bench, database);
    const placementGroupIds = [await placementGroup(bench)];
    const vmId = await bench.running({ cloudInit: { userName: 'alice' }, placementGroupIds });
    const volumeId = await bench.volume();
    await bench.attach(vmId, volumeId);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    const snapshotId = await bench.snapshot(vmId);
    const instanceOf = () => database().vmCloudInit.findUnique({ where: { vmId }, select: { instanceId: true } });
    const [instance, { fence }] = [await instanceOf(), await row(vmId)];
    expect(bench.neighbours.vm(vmId).network).toBe(bench.neighbours.hostId);

    const idempotencyKey = randomUUID();
    expect(await there.ask({ vmId, idempotencyKey })).toBeNull();
    const { vm, operation } = await there.ended(vmId);
    const { departmentId, networkId, ownerId } = there;
    expect(vm).toMatchObject({ state: 'STOPPED', departmentId, networkId, wantedNetworkId: networkId, ownerId });
    expect(operation).toMatchObject({ status: 'SUCCEEDED', departmentId: bench.departmentId });
    expect(await database().volume.findUnique({ where: { id: volumeId } })).toMatchObject({ departmentId, ownerId });
    expect(await database().vmSnapshot.findUnique({ where: { id: snapshotId } })).toMatchObject({ departmentId });
    // Its placement groups stay behind.
    expect(await database().placementGroupMember.count({ where: { vmId } })).toBe(0);
    expect(there.around(vmId)).toEqual(there.there);
    expect(bench.neighbours.seeds.of(vmId)?.instanceId).toBe((await instanceOf())?.instanceId);
    expect(await instanceOf()).not.toEqual(instance);
    expect(await usageOf(departmentId)).toEqual({ vms: 1, diskGib: 1.0625 });

    const told = await there.told(vmId);
    const moved = told.findIndex(({ name }) => name === 'vm.left-department');
    expect(told.slice(moved, moved + 2)).toMatchObject([
      { name: 'vm.left-department', departmentId: bench.departmentId, data: { vmId, name: vm.name } },
      { name: 'vm.joined-department', departmentId, data: { vmId, name: vm.name, ownerId } },
    ]);
    expect((told[moved + 1]?.data as { fence: number }).fence).toBeGreaterThan(fence);
    const where = { resourceId: vmId, verb: { contains: 'transfer' } };
    const audited = await database().auditEntry.findMany({ where });
    expect(audited.map(({ verb, result }) => [verb, result])).toEqual([
      [`transferVm:${departmentId}:${ownerId}`, 'ok'],
    ]);

    expect(await codeOf(bench.actor, vmId)).toBe('VM_NOT_FOUND');
    expect(await codeOf(memberOf(departmentId), vmId)).toBeNull();
    expect(await bench.snapshots(vmId, memberOf(departmentId))).toMatchObject([{ id: snapshotId }]);
    // Once for a key, whatever the VM is by then.
    expect(await there.ask({ vmId, idempotencyKey })).toBeNull();
    expect(await there.ask({ vmId, idempotencyKey, ownerId: randomUUID() })).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await database().operation.count({ where: { vmId, kind: 'TRANSFER_VM' } })).toBe(1);

    expect((await bench.say('startVm', { vmId }, memberOf(departmentId))).errors).toBeUndefined();
    await pollUntil(async () => (await row(vmId)).state === 'RUNNING', { what: 'the VM to run', timeoutMs: 60_000 });
    expect(there.around(vmId)).toEqual(there.there);
    const after = (await there.told(vmId)).slice(moved + 2);
    expect(after.filter((event) => event.departmentId !== departmentId)).toEqual([]);
  }, 60_000);

  it('is given back as it was given, and keeps its owner who is a member of both', async () => {
    const vmId = await to.off();
    for (const departmentId of [bench.departmentId, to.departmentId])
      bench.neighbours.members.add(departmentId, bench.actor.userId);
    expect(await to.ask({ vmId, ownerId: null })).toBeNull();
    expect((await to.ended(vmId)).vm.ownerId).toBe(bench.actor.userId);
    const back = { ownerId: null, departmentId: bench.departmentId.toUpperCase(), networkId: null };
    expect(await to.ask({ vmId, ...back })).toBeNull();
    expect((await to.ended(vmId)).vm.departmentId).toBe(bench.departmentId);
    expect(to.around(vmId)).toEqual(to.here);
  }, 60_000);

  it('plugs no cable in: a link that is down is so at the card that it gets, until somebody sets it up', async () => {
    const vmId = await to.off();
    expect((await bench.say('setVmPortLink', { vmId })).errors).toBeUndefined();
    const isApplied = (revision: number) => async () => (await row(vmId)).appliedRevision === revision;
    await pollUntil(isApplied(2), { what: 'the link to be down', timeoutMs: 60_000 });
    await bench.until(vmId, 'the end', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    expect(await to.ask({ vmId })).toBeNull();
    expect((await to.ended(vmId)).vm).toMatchObject({ revision: 3, appliedRevision: 3 });
    expect((await bench.say('startVm', { vmId }, to.actor)).errors).toBeUndefined();
    await pollUntil(async () => (await row(vmId)).state === 'RUNNING', { what: 'the VM to run', timeoutMs: 60_000 });
    const links = () => bench.neighbours.vm(vmId).sizes.links.observed();
    const mac = links().definition?.[0]?.mac;
    expect(mac).not.toBe(PORT.mac);
    const down = [{ mac, linkState: 'DOWN' }];
    expect(links()).toEqual({ definition: down, live: down });
    // A revision of before knows another card, which is passed over.
    expect((await bench.say('restoreVmRevision', { vmId, revision: 2 }, to.actor)).errors).toBeUndefined();
    await pollUntil(isApplied(4), { what: 'the revision', timeoutMs: 60_000 });
    const up = [{ mac, linkState: 'UP' }];
    expect(links()).toEqual({ definition: up, live: up });
  }, 60_000);

  it('needs the right in both departments, a member there, and a network there', async () => {
    const vmId = await to.off();
    const [unknown, missing] = [randomUUID(), randomUUID()];
    bench.neighbours.ports.missing.add(missing);
    const refusals: readonly (readonly [Record<string, unknown>, string, Actor?])[] = [
      [{}, 'VM_NOT_FOUND', memberOf(to.departmentId)],
      [{}, 'VM_NOT_FOUND', memberOf()],
      [{}, 'DEPARTMENT_NOT_FOUND', bench.actor],
      [{ departmentId: unknown }, 'DEPARTMENT_NOT_FOUND'],
      [{ departmentId: unknown }, 'DEPARTMENT_NOT_FOUND', memberOf(bench.departmentId, unknown)],
      [{ departmentId: unknown }, 'DEPARTMENT_NOT_FOUND', admin()],
      [{ departmentId: 'nonsense' }, 'DEPARTMENT_NOT_FOUND', admin()],
      [{ ownerId: unknown }, 'USER_NOT_FOUND'],
      [{ ownerId: 'nonsense' }, 'USER_NOT_FOUND', admin()],
      // Its owner is no member there.
      [{ ownerId: null }, 'USER_NOT_FOUND'],
      [{ networkId: 'nonsense' }, 'NETWORK_NOT_FOUND'],
      [{ networkId: missing }, 'NETWORK_NOT_FOUND'],
      [{ departmentId: null, ownerId: null }, 'INVALID_INPUT'],
      [{ departmentId: bench.departmentId, ownerId: null, networkId: null }, 'INVALID_INPUT'],
      [{ departmentId: bench.departmentId }, 'INVALID_INPUT'],
    ];
    await database().vm.update({ where: { id: vmId }, data: { ownerId: randomUUID() } });
    for (const [input, code, by] of refusals)
      expect([input, await to.ask({ vmId, ...input }, by)]).toEqual([input, code]);
    expect(await database().operation.count({ where: { vmId, kind: 'TRANSFER_VM' } })).toBe(0);
    expect(await row(vmId)).toMatchObject({ departmentId: bench.departmentId, toSettleIn: false });
  }, 60_000);

  it('has to be off and at rest, with a name and room there, and with no memory of the card that it has', async () => {
    const running = await bench.running();
    expect(await to.ask({ vmId: running })).toBe('VM_BUSY');
    await bench.snapshot(running);
    await bench.act('forceOffVm', running);
    await bench.reaches(running, 'STOPPED');
    expect(await to.ask({ vmId: running })).toBe('SNAPSHOT_HOLDS_MEMORY');

    const vmId = await to.off();
    const { name, diskBytes } = await row(vmId);
    const twin = await bench.create(bench.input({ departmentId: to.departmentId, name }), to.actor);
    expect(twin.errors).toBeUndefined();
    expect(await to.ask({ vmId })).toBe('NAME_TAKEN');
    await database().vm.updateMany({ where: { departmentId: to.departmentId, name }, data: { activeName: null } });

    const used = await database().vm.findMany({ where: { departmentId: to.departmentId, state: { not: 'DELETED' } } });
    await limited(to.departmentId, { vms: BigInt(used.length) });
    expect(await to.ask({ vmId })).toBe('QUOTA_EXCEEDED');
    await database().departmentQuota.deleteMany();
    const bytes = used.reduce((sum, one) => sum + one.diskBytes, 0n);
    await limited(to.departmentId, { diskBytes: bytes + diskBytes - 1n + GIB });
    const { id: poolId, hostId } = await database().storagePool.findFirstOrThrow();
    const volume = { departmentId: bench.departmentId, ownerId: randomUUID(), name: 'data', poolId, hostId };
    const attached = { attachedVmId: vmId, target: 'vdb', attachment: 'ATTACHED', capacityBytes: GIB } as const;
    const id = randomUUID();
    await database().volume.create({ data: { id, ...volume, ...attached, builtBytes: GIB, state: 'AVAILABLE' } });
    expect(await to.ask({ vmId })).toBe('QUOTA_EXCEEDED');
    await database().volume.update({ where: { id }, data: { state: 'RESIZING' } });
    expect(await to.ask({ vmId })).toBe('VOLUME_BUSY');
    await database().volume.delete({ where: { id } });

    // A clone that failed: whoever started it would have what its disk holds by then.
    const { imageId, ownerId } = await row(vmId);
    const failed = { name: 'failed', cloneSourceId: vmId, state: 'ERROR', vcpus: 1, memoryMib: 128 } as const;
    const place = { departmentId: bench.departmentId, hostId, imageId, ownerId, diskBytes };
    await database().vm.create({ data: { id, ...place, ...failed } });
    await database().departmentQuota.deleteMany();
    expect(await to.ask({ vmId })).toBe('VM_BUSY');

    await bench.act('softDeleteVm', vmId);
    expect(await to.ask({ vmId })).toBe('DELETION_SCHEDULED');
    const saved = await bench.running();
    await bench.act('saveVm', saved);
    await bench.reaches(saved, 'STOPPED');
    expect(await to.ask({ vmId: saved })).toBe('VM_MEMORY_SAVED');
  }, 120_000);

  it('stays as it is when there is no address, or no more room, and nothing stays reserved for it', async () => {
    const [full, late] = [await to.off(), await to.off()];
    bench.neighbours.ports.full.add(to.networkId);
    expect(await to.ask({ vmId: full })).toBeNull();
    expect((await to.ended(full)).operation).toMatchObject({ status: 'FAILED', errorCode: 'ADDRESSES_EXHAUSTED' });
    bench.neighbours.ports.full.clear();
    // Room there was when it was accepted.
    await bench.hold(late);
    expect(await to.ask({ vmId: late })).toBeNull();
    await limited(to.departmentId, { vms: 0n });
    await bench.letGo(late);
    expect((await to.ended(late)).operation).toMatchObject({ status: 'FAILED', errorCode: 'QUOTA_EXCEEDED' });
    for (const vmId of [full, late]) {
      expect(await row(vmId)).toMatchObject({ departmentId: bench.departmentId, state: 'STOPPED', errorCode: null });
      expect(to.around(vmId)).toEqual(to.here);
      expect((await to.told(vmId)).filter(({ name }) => name.endsWith('-department'))).toEqual([]);
      expect((await bench.act('startVm', vmId)).errors).toBeUndefined();
      await bench.reaches(vmId, 'RUNNING');
    }
  }, 60_000);

  it('keeps the address of one that was started by hand before it was made ready there, until it is off', async () => {
    const vmId = await to.off();
    bench.neighbours.disturb = (name, id) => {
      if (name === 'protect-vm' && id === vmId) throw new DomainError('HOST_UNAVAILABLE');
    };
    expect(await to.ask({ vmId })).toBeNull();
    const isThere = async () => {
      const { departmentId, failedAttempts } = await row(vmId);
      return departmentId === to.departmentId && failedAttempts > 0;
    };
    await pollUntil(isThere, { what: 'what is left to be done to fail', timeoutMs: 60_000 });
    await bench.hold(vmId);
    bench.neighbours.disturb = () => undefined;
    bench.neighbours.powerChange(vmId, 'running', 'booted');
    expect((await bench.say('startVm', { vmId }, to.actor)).errors).toBeUndefined();
    await bench.letGo(vmId);
    await pollUntil(async () => (await row(vmId)).state === 'RUNNING', { what: 'the VM to run', timeoutMs: 60_000 });
    const [here, there] = [to.here, to.there];
    expect(to.around(vmId)).toMatchObject({ network: here.network, ports: [...here.ports, ...there.ports] });
    expect((await bench.say('forceOffVm', { vmId }, to.actor)).errors).toBeUndefined();
    await to.ended(vmId);
    expect(to.around(vmId)).toEqual(there);
  }, 120_000);

  it('is asked nothing else meanwhile but to be deleted, and is then of the department that it was of', async () => {
    const vmId = await to.off();
    await bench.hold(vmId);
    expect(await to.ask({ vmId })).toBeNull();
    for (const name of ['startVm', 'forceOffVm', 'resizeVm', 'createVmSnapshot', 'softDeleteVm'])
      expect([name, (await bench.act(name, vmId)).errors?.[0]?.extensions]).toMatchObject([
        name,
        { code: 'VM_BUSY', details: { operation: 'TRANSFER_VM' } },
      ]);
    expect(await to.ask({ vmId })).toBe('VM_BUSY');
    await bench.letGo(vmId);
    const gone = await to.off();
    const { promise: reserved, resolve: reserve } = Promise.withResolvers<undefined>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name, id) => {
      if (name !== 'attach-vm' || id !== gone) return undefined;
      ask(undefined);
      return reserved;
    };
    expect(await to.ask({ vmId: gone })).toBeNull();
    await asked;
    expect((await bench.act('deleteVm', gone)).errors).toBeUndefined();
    reserve(undefined);
    await bench.isGone(gone);
    expect(await row(gone)).toMatchObject({ departmentId: bench.departmentId, state: 'DELETED' });
    expect(bench.neighbours.ports.of(gone)).toEqual([]);
    expect((await to.told(gone)).filter(({ name }) => name.endsWith('-department'))).toEqual([]);
  }, 60_000);

  it('crosses another that goes the other way, and neither waits for ever', async () => {
    const pairs = 3;
    const here = await Promise.all(Array.from({ length: pairs }, () => to.off()));
    for (const vmId of here) expect(await to.ask({ vmId })).toBeNull();
    for (const vmId of here) await to.ended(vmId);
    const others = await Promise.all(Array.from({ length: pairs }, () => to.off()));
    bench.neighbours.members.add(bench.departmentId, to.ownerId);
    for (const departmentId of [bench.departmentId, to.departmentId]) await limited(departmentId, { vms: 1_000n });
    const back = { departmentId: bench.departmentId, networkId: null };
    const answers = await Promise.all([
      ...here.map((vmId) => to.ask({ vmId, ...back })),
      ...others.map((vmId) => to.ask({ vmId })),
    ]);
    expect(answers).toEqual(Array.from({ length: 2 * pairs }, () => null));
    for (const vmId of [...here, ...others])
      expect((await to.ended(vmId)).operation).toMatchObject({ status: 'SUCCEEDED' });
    expect((await newest(here[0] ?? ''))?.departmentId).toBe(to.departmentId);
  }, 120_000);

  it('keeps the image of the department that it left, unseen in the new one, and is cloned there all the same', async () => {
    const imageId = await importedImage(bench);
    const vmId = await to.off({ imageId });
    expect(await to.ask({ vmId })).toBeNull();
    await to.ended(vmId);
    const member = memberOf(to.departmentId);
    const shown = async (by: Actor): Promise<unknown> => (await bench.vms.ask(by, IMAGE, { id: vmId })).data?.['vm'];
    expect([await shown(member), await shown(to.actor)]).toEqual([{ image: null }, { image: { id: imageId } }]);
    const { errors } = await bench.create(bench.input({ imageId, departmentId: to.departmentId }), to.actor);
    expect(errors?.[0]?.extensions.code).toBe('IMAGE_NOT_FOUND');
    const clone = await bench.say('cloneVm', { vmId, name: `clone-${randomUUID().slice(0, 8)}` }, member);
    expect(clone.errors).toBeUndefined();
    // Its disk, and that of its clone, read from it wherever they are.
    const refused = await askOfImage(bench, 'deleteImage', { imageId });
    const used = { vms: 2, templates: 0 };
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'IMAGE_IN_USE', details: used });
  }, 120_000);
});
