import { randomUUID } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const GIB = 1_073_741_824;

describe('volumes', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ SHUTDOWN_GRACE_SECONDS: '60' });
  }, 120_000);
  afterEach(() => {
    Object.assign(bench.neighbours.volumes, { refusal: null, isKept: false });
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.volumes;
  type Answer = Awaited<ReturnType<VmBench['ofVolume']>>;
  const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;
  const stopped = async (): Promise<string> => {
    const vmId = await bench.running();
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    return vmId;
  };
  const ended = (vmId: string, kind: string, status: string) =>
    bench.until(vmId, `${kind} ${status}`, ({ operations }) =>
      operations.some((operation) => operation.kind === kind && operation.status === status),
    );
  const isFree = (volumeId: string) => bench.volumeUntil(volumeId, 'freedom', ({ attachment }) => attachment === null);

  it('are made once, in the pool of a host, and told of with what they take up', async () => {
    const id = await bench.volume({ name: ' Données 1 ', capacityGib: 1.5 });
    expect(host().files.get(id)).toMatchObject({ capacityBytes: 1.5 * GIB, timesMade: 1 });
    const volume = await bench.volumeUntil(id, 'its allocation', ({ allocationGib }) => allocationGib > 0);
    const unattached = { attachment: null, target: null, vm: null };
    expect(volume).toMatchObject({ ...unattached, capacityGib: 1.5, pool: { name: 'default' } });
    expect(volume.serial).toBe(id.replaceAll('-', '').slice(-20));
    // What the machines have is the operators' business.
    expect(volume.pool?.capacityGib).toBeNull();
    const operation = await database().operation.findFirstOrThrow({
      where: { resourceId: id },
      include: { steps: true },
    });
    expect(operation).toMatchObject({ kind: 'CREATE_VOLUME', resourceKind: 'volume', status: 'SUCCEEDED', vmId: null });
    expect(operation.steps).toMatchObject([{ name: 'make-volume', status: 'SUCCEEDED', attempts: 1 }]);
    const kinds = await bench.vms.ask(
      bench.actor,
      'query ($id: ID!) { operations(filter: { resourceId: $id, kinds: [CREATE_VOLUME] }) { nodes { kind resourceKind } } }',
      { id },
    );
    expect(kinds.data).toEqual({ operations: { nodes: [{ kind: 'CREATE_VOLUME', resourceKind: 'volume' }] } });
  });

  it('have names that are unique among the living of a department', async () => {
    const name = `Backup ${randomUUID()}`;
    const id = await bench.volume({ name });
    const again = () =>
      bench.ofVolume('createVolume', { departmentId: bench.departmentId, name: name.toUpperCase(), capacityGib: 1 });
    expect(codeOf(await again())).toBe('NAME_TAKEN');
    await bench.ofVolume('deleteVolume', { volumeId: id });
    await pollUntil(() => host().files.get(id)?.capacityBytes === null, { what: 'the removal' });
    expect((await again()).errors).toBeUndefined();
  });

  it('are listed page by page, by VM and by whether they are attached', async () => {
    const vmId = await bench.running();
    const [attached, free] = [await bench.volume(), await bench.volume()];
    await bench.attach(vmId, attached);
    const list = async (args: string) => {
      const { data } = await bench.vms.ask(
        bench.actor,
        `{ volumes(${args}) { nodes { id } totalCount pageInfo { endCursor hasNextPage } } }`,
      );
      return data?.['volumes'] as {
        nodes: { id: string }[];
        totalCount: number;
        pageInfo: { endCursor: string; hasNextPage: boolean };
      };
    };
    const first = await list('first: 1');
    expect([first.nodes, first.pageInfo.hasNextPage]).toEqual([[{ id: free }], true]);
    expect((await list(`first: 1, after: "${first.pageInfo.endCursor}"`)).nodes).toEqual([{ id: attached }]);
    expect((await list(`vmId: "${vmId}"`)).nodes).toEqual([{ id: attached }]);
    const ids = async (args: string) => (await list(args)).nodes.map(({ id }) => id);
    expect(await ids('attached: true')).not.toContain(free);
    expect(await ids('attached: false')).not.toContain(attached);
    expect((await list(`departmentId: "${randomUUID()}"`)).totalCount).toBe(0);
  });

  it('of another department are not found, and not given to a VM of one', async () => {
    const other = randomUUID();
    const both = memberOf(bench.departmentId, other);
    bench.neighbours.departments.add(other);
    const id = await bench.volume();
    for (const name of ['deleteVolume', 'resizeVolume'])
      expect(
        codeOf(
          await bench.ofVolume(
            name,
            { volumeId: id, ...(name === 'resizeVolume' ? { capacityGib: 9 } : {}) },
            memberOf(other),
          ),
        ),
      ).toBe('VOLUME_NOT_FOUND');
    const query = 'mutation ($input: VmVolumeInput!) { attachVolume(input: $input) { vm { id } } }';
    const answer = await bench.create(bench.input({ departmentId: other }), both);
    const vmId = (answer.data?.['createVm'] as { vm: { id: string } }).vm.id;
    await pollUntil(async () => (await database().vm.findUniqueOrThrow({ where: { id: vmId } })).state === 'RUNNING');
    const input = { idempotencyKey: randomUUID(), vmId, volumeId: id };
    expect(codeOf(await bench.vms.ask(both, query, { input }))).toBe('VOLUME_NOT_FOUND');
  });

  it('are refused early by a pool that is too full, and nothing is made', async () => {
    const volumeId = await bench.volume();
    const before = await database().volume.count();
    const pool = host().pool;
    host().pool = { ...pool, availableBytes: 4 * GIB };
    await pollUntil(
      async () => {
        bench.report();
        return (
          (await database().storagePool.findFirstOrThrow({ where: { hostId: bench.neighbours.hostId } }))
            .availableBytes === BigInt(4 * GIB)
        );
      },
      { what: 'the report of the pool' },
    );
    const create = (capacityGib: number) =>
      bench.ofVolume('createVolume', { departmentId: bench.departmentId, name: randomUUID(), capacityGib });
    expect(codeOf(await create(1))).toBe('POOL_FULL');
    expect(codeOf(await bench.ofVolume('resizeVolume', { volumeId, capacityGib: 2 }))).toBe('POOL_FULL');
    host().pool = pool;
    await pollUntil(
      async () => {
        bench.report();
        return (await create(1)).errors === undefined;
      },
      { what: 'space again' },
    );
    expect(codeOf(await create(96))).toBe('POOL_FULL');
    expect(await database().volume.count()).toBe(before + 1);
  });

  it('are shown to administrators with their pools', async () => {
    const query = '{ storagePools { id name kind isUsable capacityGib availableGib reserveGib host { id } } }';
    expect(codeOf(await bench.vms.ask(bench.actor, query))).toBe('FORBIDDEN');
    const { data } = await bench.vms.ask(admin(), query);
    expect(data?.['storagePools']).toEqual([
      {
        id: expect.any(String),
        name: 'default',
        kind: 'dir',
        isUsable: true,
        capacityGib: 100,
        availableGib: 80,
        reserveGib: 5,
        host: { id: bench.neighbours.hostId },
      },
    ]);
  });

  it('are attached to a running guest under the first name that is free, and detached', async () => {
    const vmId = await bench.running();
    const [a, b] = [await bench.volume(), await bench.volume()];
    for (const id of [a, b]) await bench.attach(vmId, id);
    for (const where of ['guest', 'definition'] as const)
      expect(host().at(vmId, where).sort()).toEqual([`${a}/vdb`, `${b}/vdc`].sort());
    expect(await bench.volumeView(a)).toMatchObject({ target: 'vdb', attachment: 'ATTACHED', vm: { id: vmId } });
    const { data } = await bench.vms.ask(bench.actor, 'query ($id: ID!) { vm(id: $id) { volumes { id target } } }', {
      id: vmId,
    });
    expect(data).toEqual({
      vm: {
        volumes: [
          { id: a, target: 'vdb' },
          { id: b, target: 'vdc' },
        ],
      },
    });
    expect(codeOf(await bench.ofVolume('deleteVolume', { volumeId: a }))).toBe('VOLUME_IN_USE');
    await bench.move('detachVolume', vmId, a);
    await isFree(a);
    expect(host().at(vmId, 'guest')).toEqual([`${b}/vdc`]);
    expect(codeOf(await bench.move('detachVolume', vmId, a))).toBe('VOLUME_NOT_ATTACHED');
    const c = await bench.volume();
    await bench.attach(vmId, c);
    expect(await bench.volumeView(c)).toMatchObject({ target: 'vdb' });
    expect((await bench.view(vmId))?.state).toBe('RUNNING');
  });

  it('are attached to a VM that is off, which has them at every start', async () => {
    const vmId = await stopped();
    const id = await bench.volume();
    await bench.attach(vmId, id);
    expect([host().at(vmId, 'definition'), host().at(vmId, 'guest')]).toEqual([[`${id}/vdb`], []]);
    expect((await bench.view(vmId))?.state).toBe('STOPPED');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(host().at(vmId, 'guest')).toEqual([`${id}/vdb`]);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    await bench.move('detachVolume', vmId, id);
    await isFree(id);
    expect(host().at(vmId, 'definition')).toEqual([]);
  });

  it('are given to one of two VMs that ask at once', async () => {
    const vmIds = [await bench.running(), await bench.running()];
    const id = await bench.volume();
    const codes = (await Promise.all(vmIds.map((vmId) => bench.move('attachVolume', vmId, id)))).map(codeOf);
    expect(codes.sort()).toEqual(['VOLUME_IN_USE', undefined]);
    await bench.volumeUntil(id, 'the attachment', ({ attachment }) => attachment === 'ATTACHED');
    expect(vmIds.flatMap((vmId) => host().at(vmId, 'guest'))).toEqual([`${id}/vdb`]);
  });

  it('stay attached when the guest does not let go in time, and the VM goes on', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    await bench.attach(vmId, id);
    host().isKept = true;
    // Its time does not end before the host has answered.
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    bench.neighbours.disturb = (name) => (name === 'detach-volume' ? held : undefined);
    await bench.move('detachVolume', vmId, id, ', timeoutSeconds: 1');
    expect(codeOf(await bench.move('detachVolume', vmId, id))).toBe('VM_BUSY');
    bench.neighbours.disturb = () => undefined;
    release(undefined);
    const { operations, state } = await ended(vmId, 'DETACH_VOLUME', 'FAILED');
    expect([operations[0]?.errorCode, state]).toEqual(['DEADLINE_EXCEEDED', 'RUNNING']);
    expect(await bench.volumeView(id)).toMatchObject({ attachment: 'ATTACHED', target: 'vdb' });
  });

  it('that a guest lets go of later than it was asked are free then', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    await bench.attach(vmId, id);
    host().isKept = true;
    bench.neighbours.calls.length = 0;
    await bench.move('detachVolume', vmId, id);
    await pollUntil(() => bench.neighbours.calls.filter((call) => call === 'detach-volume').length > 1, {
      what: 'a second look',
    });
    expect(await bench.volumeView(id)).toMatchObject({ attachment: 'DETACHING' });
    host().isKept = false;
    await isFree(id);
    await ended(vmId, 'DETACH_VOLUME', 'SUCCEEDED');
  });

  it('that cannot be attached are free again, and the VM runs on', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    host().refusal = 'UNSUPPORTED_BY_DRIVER';
    await bench.move('attachVolume', vmId, id);
    const { operations, state, error } = await ended(vmId, 'ATTACH_VOLUME', 'FAILED');
    expect([operations[0]?.errorCode, state, error]).toEqual(['UNSUPPORTED_BY_DRIVER', 'RUNNING', null]);
    await isFree(id);
    host().refusal = null;
    await bench.attach(vmId, id);
  });

  it('whose attachment was overtaken by the end of the guest are there at its next start', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    host().refusal = 'HYPERVISOR_ERROR';
    await bench.move('attachVolume', vmId, id);
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    host().refusal = null;
    await bench.volumeUntil(id, 'the attachment', ({ attachment }) => attachment === 'ATTACHED');
    await bench.act('startVm', vmId);
    await bench.reaches(vmId, 'RUNNING');
    expect(host().at(vmId, 'guest')).toEqual([`${id}/vdb`]);
  });

  it('of another host are refused with a code of their own', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    await database().volume.update({ where: { id }, data: { hostId: randomUUID() } });
    expect(codeOf(await bench.move('attachVolume', vmId, id))).toBe('VOLUME_ON_OTHER_HOST');
    const elsewhere = await bench.ofVolume('createVolume', {
      departmentId: bench.departmentId,
      name: randomUUID(),
      capacityGib: 1,
      vmId,
    });
    expect(elsewhere.errors).toBeUndefined();
    for (const [where, code] of [
      [{ poolId: randomUUID() }, 'POOL_NOT_FOUND'],
      [{ vmId: randomUUID() }, 'VM_NOT_FOUND'],
    ] as const)
      expect(
        codeOf(
          await bench.ofVolume('createVolume', {
            departmentId: bench.departmentId,
            name: randomUUID(),
            capacityGib: 1,
            ...where,
          }),
        ),
      ).toBe(code);
  });

  it('outlive their VM, unless they are to go with it', async () => {
    const [kept, condemned] = [await bench.volume(), await bench.volume()];
    for (const [id, options] of [
      [kept, 'deleteVolumes: false'],
      [condemned, 'deleteVolumes: true'],
    ] as const) {
      const vmId = await bench.running();
      await bench.attach(vmId, id);
      await bench.actWith('deleteVm', vmId, options);
      await bench.isGone(vmId);
      expect(host().at(vmId, 'definition')).toEqual([]);
    }
    expect(await bench.volumeView(kept)).toMatchObject({ state: 'AVAILABLE', attachment: null, vm: null });
    expect(host().files.get(kept)?.capacityBytes).toBe(GIB);
    await pollUntil(() => host().files.get(condemned)?.capacityBytes === null, {
      what: 'the removal',
      timeoutMs: 30_000,
    });
    await pollUntil(async () => (await bench.volumeView(condemned)) === undefined, { what: 'its end' });
  });

  it('grow, attached or not, and never shrink', async () => {
    const vmId = await bench.running();
    const id = await bench.volume();
    const resize = (capacityGib: number) => bench.ofVolume('resizeVolume', { volumeId: id, capacityGib });
    await resize(2);
    await bench.volumeUntil(id, 'the size', ({ state, capacityGib }) => state === 'AVAILABLE' && capacityGib === 2);
    await bench.attach(vmId, id);
    expect(codeOf(await resize(1))).toBe('VOLUME_CANNOT_SHRINK');
    await resize(3);
    await bench.volumeUntil(id, 'the size', ({ state, capacityGib }) => state === 'AVAILABLE' && capacityGib === 3);
    expect(host().files.get(id)?.capacityBytes).toBe(3 * GIB);
  });

  it('that cannot grow are as they were', async () => {
    const id = await bench.volume();
    host().refusal = 'POOL_FULL';
    await bench.ofVolume('resizeVolume', { volumeId: id, capacityGib: 2 });
    const where = { resourceId: id, kind: 'RESIZE_VOLUME' };
    await pollUntil(async () => (await database().operation.findFirst({ where }))?.status === 'FAILED', {
      what: 'the failure',
    });
    expect(await bench.volumeView(id)).toMatchObject({ state: 'AVAILABLE', capacityGib: 1, error: null });
  });

  it('that cannot be made say why, and can be deleted', async () => {
    host().refusal = 'POOL_FULL';
    const answer = await bench.ofVolume('createVolume', {
      departmentId: bench.departmentId,
      name: randomUUID(),
      capacityGib: 1,
    });
    const { id } = (answer.data?.['createVolume'] as { volume: { id: string } }).volume;
    const failed = await bench.volumeUntil(id, 'the failure', ({ state }) => state === 'ERROR');
    expect(failed.error?.code).toBe('POOL_FULL');
    expect(codeOf(await bench.move('attachVolume', await bench.running(), id))).toBe('VOLUME_BUSY');
    host().refusal = null;
    await bench.ofVolume('deleteVolume', { volumeId: id });
    await pollUntil(async () => (await bench.volumeView(id)) === undefined, { what: 'its end' });
    expect(host().files.get(id)).toMatchObject({ timesMade: 0 });
  });
});

describe('an attachment while the host is away', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ RETRY_LIMIT_SECONDS: '10' });
  }, 120_000);
  afterAll(() => bench.stop());

  it('fails after its time; the VM stays off and is not in error, and the volume is free when the host is back', async () => {
    const [vmId, volumeId] = [await bench.running(), await bench.volume()];
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    bench.neighbours.disturb = (name) => {
      if (name === 'inspect-vm') throw new DomainError('HOST_UNAVAILABLE');
    };
    await bench.move('attachVolume', vmId, volumeId);
    const { state, error, operations } = await bench.until(
      vmId,
      'the failure',
      (vm) => vm.operations[0]?.status === 'FAILED',
    );
    expect([state, error, operations[0]?.errorCode]).toEqual(['STOPPED', null, 'HOST_UNAVAILABLE']);
    bench.neighbours.disturb = () => undefined;
    await bench.volumeUntil(volumeId, 'freedom', ({ attachment }) => attachment === null);
    expect((await bench.view(vmId))?.state).toBe('STOPPED');
    expect(bench.neighbours.volumes.at(vmId, 'definition')).toEqual([]);
  }, 120_000);
});
