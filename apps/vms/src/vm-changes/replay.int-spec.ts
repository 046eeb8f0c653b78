import { randomUUID } from 'node:crypto';
import type { Actor } from '@infinibay/contracts';
import { hostileProblems, keyedMutations, replayProblems, testNats, type ReplayRow } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { imageInput, importedImage, uploadInput } from '../testing/image-requests.js';
import { Neighbours } from '../testing/neighbours.js';
import { placementRows } from '../testing/placement-requests.js';
import { SilentHost } from '../testing/silent-host.js';
import { PORT } from '../testing/simulated-links.js';
import { FURTHER_NETWORK } from '../testing/simulated-ports.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin } from '../testing/vms-under-test.js';

/** States move on: an answer is told by what it is about. */
const RESULT = '{ vm { id name } operation { id kind } }';
const VOLUME = '{ volume { id name } operation { id kind } }';
const IMAGE = '{ image { id name } operation { id kind } }';
const TEMPLATE = '{ id name newestVersion vcpus memoryMib diskGib department { id } }';

describe('mutations of vms, repeated', () => {
  let bench: VmBench;
  const administrator = admin();
  let actor: Actor;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterAll(() => bench.stop());

  const otherHost = new SilentHost(
    () => bench.vms.get<PrismaClient>(PrismaClient),
    () => bench.neighbours.imageId,
  );

  const withoutKey = ({ idempotencyKey: _key, ...input }: Record<string, unknown>) => input;
  const sizes = { vcpus: 1, memoryMib: 128, diskGib: 1 };
  const template = () => ({ name: `Café ${randomUUID()}`, imageId: bench.neighbours.imageId, ...sizes });
  const templates = () => bench.vms.get(PrismaClient).template;
  const keptTemplate = async (): Promise<string> => {
    const { diskGib: _size, ...input } = template();
    const data = { ...input, nameKey: input.name, diskBytes: 1_073_741_824n };
    return (await templates().create({ data })).id;
  };
  const imagesGone = () => {
    const data = { state: 'DELETED' as const, activeNameKey: null };
    return bench.vms.get(PrismaClient).image.updateMany({ where: { importedById: { not: null } }, data });
  };
  const stopped = async (): Promise<string> => {
    const vmId = await bench.running();
    await bench.act('forceOffVm', vmId);
    await bench.reaches(vmId, 'STOPPED');
    return vmId;
  };
  const action = (state: 'RUNNING' | 'STOPPED'): ReplayRow => ({
    select: RESULT,
    input: async () => ({ vmId: await (state === 'STOPPED' ? stopped() : bench.running()) }),
    gone: async ({ vmId }) => {
      await bench.act('deleteVm', String(vmId));
      await bench.isGone(String(vmId));
    },
    other: { vmId: randomUUID() },
    lost: ['VM_NOT_FOUND'],
  });
  const ofImage = (input: ReplayRow['input'], other: Record<string, unknown>): ReplayRow => ({
    select: IMAGE,
    input,
    gone: imagesGone,
    other,
    lost: ['IMAGE_NOT_FOUND'],
  });
  const newImage = (input: ReplayRow['input'], other: Record<string, unknown>): ReplayRow => ({
    ...ofImage(input, other),
    taken: 'NAME_TAKEN',
  });
  const imageOfVm = (): ReplayRow => {
    const input = async () => ({ vmId: await stopped(), name: `Café ${randomUUID()}` });
    return newImage(input, { vmId: randomUUID() });
  };
  /** Of another spec. */
  const sized = (more: Record<string, unknown>, other: Record<string, unknown>): ReplayRow => {
    const row = action('STOPPED');
    return { ...row, input: async () => ({ ...(await row.input()), ...more }), other };
  };
  const ofVolume = (input: () => Promise<{ vmId: string; volumeId: string }>): ReplayRow => ({
    ...action('RUNNING'),
    input,
    other: { volumeId: randomUUID() },
  });
  const ofSnapshot = (): ReplayRow => ({
    ...action('RUNNING'),
    input: async () => {
      const vmId = await bench.running();
      return { vmId, snapshotId: await bench.snapshot(vmId) };
    },
    other: { snapshotId: randomUUID() },
  });
  /** Of what people say of a VM, which may be anything when the call is repeated. */
  const said = (input: Record<string, unknown>, other: Record<string, unknown>): ReplayRow => ({
    select: '{ id }',
    input: async () => ({ vmId: await bench.created(), ...input }),
    gone: async ({ vmId }) => {
      await bench.vms.get(PrismaClient).vm.updateMany({ data: { deletionProtected: false } });
      await bench.act('deleteVm', String(vmId));
      await bench.isGone(String(vmId));
    },
    other,
    lost: ['VM_NOT_FOUND'],
  });
  const inUseAgain = () =>
    bench.vms.get(PrismaClient).host.updateMany({
      data: { maintenanceSince: null, maintenanceById: null, maintenanceReason: null },
    });
  /** The operation that moves a VM, of which nobody does anything. */
  const migrating = async (): Promise<string> => {
    const vmId = await bench.running();
    await bench.hold(vmId);
    const input = { idempotencyKey: randomUUID(), vmId, hostId: await otherHost.add() };
    const query = 'mutation ($input: MigrateVmInput!) { migrateVm(input: $input) { operation { id } } }';
    const { data } = await bench.vms.ask(administrator, query, { input });
    return (data as { migrateVm: { operation: { id: string } } }).migrateVm.operation.id;
  };
  const rows = (): Readonly<Record<string, ReplayRow>> => ({
    createVm: {
      ...action('RUNNING'),
      input: () => withoutKey(bench.input()),
      gone: async (_input, { data }) => {
        const { id } = (data as { createVm: { vm: { id: string } } }).createVm.vm;
        await bench.act('deleteVm', id);
        await bench.isGone(id);
      },
      other: { name: 'other' },
    },
    cloneVm: {
      ...action('STOPPED'),
      input: async () => ({ vmId: await stopped(), name: `clone-${randomUUID().slice(0, 8)}` }),
      gone: async ({ vmId }, { data }) => {
        const { id } = (data as { cloneVm: { vm: { id: string } } }).cloneVm.vm;
        for (const one of [id, String(vmId)]) {
          await bench.act('deleteVm', one);
          await bench.isGone(one);
        }
      },
      other: { name: 'other' },
    },
    startVm: action('STOPPED'),
    shutdownVm: action('RUNNING'),
    rebootVm: action('RUNNING'),
    resetVm: action('RUNNING'),
    suspendVm: action('RUNNING'),
    resumeVm: action('RUNNING'),
    saveVm: action('RUNNING'),
    forceOffVm: action('RUNNING'),
    retryVm: { ...action('STOPPED'), input: async () => ({ vmId: await bench.inError() }) },
    resizeVm: sized({ vcpus: 2, memoryMib: 256 }, { vcpus: 3 }),
    restoreVmRevision: sized({ revision: 1 }, { revision: 2 }),
    setVmAutostart: sized({ autostart: true }, { autostart: false }),
    setVmHardware: sized({ hardware: { machine: 'Q35' } }, { hardware: { machine: 'PC' } }),
    setVmCdrom: sized({ imageId: null }, { imageId: randomUUID() }),
    setVmPortLink: sized({ portId: PORT.portId, linkState: 'DOWN' }, { linkState: 'UP' }),
    addVmPort: sized({ networkId: FURTHER_NETWORK }, { networkId: randomUUID() }),
    removeVmPort: {
      ...action('STOPPED'),
      input: async () => {
        const vmId = await stopped();
        const further = { id: randomUUID(), vmId, networkId: FURTHER_NETWORK, slot: 1 };
        await bench.vms.get(PrismaClient).vmPort.create({ data: { ...further, attachment: 'ATTACHED' } });
        return { vmId, portId: PORT.portId };
      },
      other: { portId: randomUUID() },
    },
    changeVmPortNetwork: sized({ portId: PORT.portId, networkId: FURTHER_NETWORK }, { networkId: randomUUID() }),
    repairVmDrift: action('RUNNING'),
    acceptVmDrift: action('STOPPED'),
    softDeleteVm: action('RUNNING'),
    undeleteVm: {
      ...action('RUNNING'),
      input: async () => {
        const vmId = await bench.running();
        await bench.act('softDeleteVm', vmId);
        await bench.reaches(vmId, 'STOPPED');
        return { vmId };
      },
    },
    deleteVm: action('RUNNING'),
    renameVm: said({ name: `renamed-${randomUUID().slice(0, 8)}` }, { name: 'other' }),
    describeVm: said({ description: 'Front of the shop' }, { description: 'other' }),
    tagVm: said({ tags: ['web', 'env:prod'] }, { tags: ['web'] }),
    untagVm: said({ tags: ['web'] }, { tags: ['other'] }),
    setVmDeletionProtection: said({ deletionProtected: true }, { deletionProtected: false }),
    setVmCloudInit: said({ cloudInit: { userName: 'alice', packages: ['nginx'] } }, { cloudInit: null }),
    transferVm: {
      ...said({}, { ownerId: randomUUID() }),
      input: async () => {
        const ownerId = randomUUID();
        bench.neighbours.members.add(bench.departmentId, ownerId);
        return { vmId: await bench.created(), ownerId };
      },
    },
    migrateVm: {
      ...action('STOPPED'),
      input: async () => ({ vmId: await stopped(), hostId: await otherHost.add() }),
      gone: async ({ vmId }) => {
        await bench.hold(String(vmId));
        await otherHost.remove();
      },
    },
    cancelOperation: {
      select: '{ id kind }',
      input: async () => ({ operationId: await migrating() }),
      gone: () => otherHost.remove(),
      other: { operationId: randomUUID() },
      lost: ['OPERATION_NOT_FOUND'],
    },
    createConsoleTicket: {
      select: '{ ticket expiresAt vmId protocol }',
      input: async () => ({ vmId: await bench.running(), access: 'VIEW' }),
      gone: ({ vmId }) =>
        bench.vms.get(PrismaClient).vm.update({ where: { id: String(vmId) }, data: { state: 'DELETED' } }),
      other: { access: 'CONTROL' },
      lost: ['VM_NOT_FOUND'],
    },
    bulkVms: {
      select: '{ id kind resourceKind results { nodes { vmId } } }',
      input: async () => ({ action: 'START_VM', vmIds: [await bench.running(), randomUUID()] }),
      gone: async ({ vmIds }) => {
        const [id = ''] = vmIds as string[];
        await bench.act('deleteVm', id);
        await bench.isGone(id);
      },
      other: { action: 'REBOOT_VM' },
      lost: ['OPERATION_NOT_FOUND'],
    },
    setDepartmentQuota: {
      select: '{ department { id } quota { vms vcpus memoryMib diskGib } }',
      input: () => ({ departmentId: bench.departmentId, vms: 1_000, diskGib: 0.5 }),
      gone: () => bench.vms.get(PrismaClient).departmentQuota.deleteMany(),
      other: { vms: 2 },
      lost: ['DEPARTMENT_NOT_FOUND'],
    },
    setHostMaintenance: {
      select: '{ id hostname }',
      input: () => ({ hostId: bench.neighbours.hostId, maintenance: true, reason: 'a new fan' }),
      gone: inUseAgain,
      other: { maintenance: false },
      lost: ['FORBIDDEN'],
    },
    drainHost: {
      select: '{ id kind resourceKind resourceId }',
      input: () => ({ hostId: bench.neighbours.hostId, force: true }),
      gone: inUseAgain,
      other: { timeoutSeconds: 5 },
      lost: ['FORBIDDEN'],
    },
    ...placementRows(bench),
    attachVolume: ofVolume(async () => ({ vmId: await bench.running(), volumeId: await bench.volume() })),
    detachVolume: ofVolume(async () => {
      const [vmId, volumeId] = [await bench.running(), await bench.volume()];
      await bench.attach(vmId, volumeId);
      return { vmId, volumeId };
    }),
    createVmSnapshot: {
      ...action('RUNNING'),
      input: async () => ({ vmId: await bench.running(), name: 'Café' }),
      other: { name: 'other' },
    },
    revertVmToSnapshot: ofSnapshot(),
    deleteVmSnapshot: ofSnapshot(),
    createVolume: {
      select: VOLUME,
      input: () => ({ departmentId: bench.departmentId, name: `Café ${randomUUID()}`, capacityGib: 1 }),
      gone: () => bench.vms.get(PrismaClient).volume.updateMany({ data: { state: 'DELETED', activeNameKey: null } }),
      other: { capacityGib: 2 },
      taken: 'NAME_TAKEN',
      lost: ['VOLUME_NOT_FOUND'],
    },
    resizeVolume: {
      select: VOLUME,
      input: async () => ({ volumeId: await bench.volume(), capacityGib: 2 }),
      gone: () => bench.vms.get(PrismaClient).volume.updateMany({ data: { state: 'DELETED' } }),
      other: { capacityGib: 3 },
      lost: ['VOLUME_NOT_FOUND'],
    },
    moveVolume: {
      select: VOLUME,
      input: async () => {
        const volumeId = await bench.volume({ poolId: await bench.pool('default') });
        return { volumeId, poolId: await bench.pool() };
      },
      gone: () => bench.vms.get(PrismaClient).volume.updateMany({ data: { state: 'DELETED' } }),
      other: { poolId: randomUUID() },
      lost: ['VOLUME_NOT_FOUND'],
    },
    cloneVolume: {
      select: VOLUME,
      input: async () => ({ volumeId: await bench.volume(), name: `Café ${randomUUID()}` }),
      gone: () => bench.vms.get(PrismaClient).volume.updateMany({ data: { state: 'DELETED', activeNameKey: null } }),
      other: { name: 'other' },
      taken: 'NAME_TAKEN',
      lost: ['VOLUME_NOT_FOUND'],
    },
    deleteVolume: {
      select: VOLUME,
      input: async () => ({ volumeId: await bench.volume() }),
      gone: () => bench.vms.get(PrismaClient).volume.updateMany({ data: { state: 'DELETED' } }),
      other: { volumeId: randomUUID() },
      lost: ['VOLUME_NOT_FOUND'],
    },
    importImage: newImage(() => imageInput(bench, { name: `Café ${randomUUID()}` }), { sha256: 'c'.repeat(64) }),
    createImageUpload: newImage(() => uploadInput(bench, { name: `Café ${randomUUID()}` }), { sizeBytes: 2_048 }),
    createImageFromVm: imageOfVm(),
    convertVmToTemplate: imageOfVm(),
    copyImage: ofImage(async () => ({ imageId: await importedImage(bench), hostId: bench.neighbours.hostId }), {
      hostId: randomUUID(),
    }),
    deleteImage: ofImage(async () => ({ imageId: await importedImage(bench) }), { imageId: randomUUID() }),
    createTemplate: {
      select: TEMPLATE,
      input: template,
      gone: () => templates().deleteMany(),
      other: { vcpus: 2 },
      taken: 'NAME_TAKEN',
      lost: ['FORBIDDEN'],
    },
    updateTemplate: {
      select: TEMPLATE,
      input: async () => {
        const { name: _name, ...content } = template();
        return { ...content, templateId: await keptTemplate(), vcpus: 2, expectedVersion: 1 };
      },
      gone: () => templates().deleteMany(),
      other: { vcpus: 3 },
      lost: ['FORBIDDEN'],
    },
    deleteTemplate: {
      select: TEMPLATE,
      input: async () => ({ templateId: await keptTemplate() }),
      gone: () => templates().deleteMany(),
      other: { templateId: randomUUID() },
      lost: ['FORBIDDEN'],
    },
  });
  const replays = {
    ask: async (query: string, variables: Record<string, unknown>, as: string) => {
      const by = as === 'actor' ? actor : { ...actor, role: 'USER' as const, departmentIds: [] };
      const { data, errors } = await bench.vms.ask(by, query, variables);
      return { data, codes: (errors ?? []).map(({ extensions }) => extensions.code) };
    },
    away: () => bench.neighbours.stop(),
    back: async () => {
      const { hostId, imageId, departments } = bench.neighbours;
      bench.neighbours = await Neighbours.start(testNats(), { hostId, imageId });
      for (const id of departments) bench.neighbours.departments.add(id);
    },
  };

  const sdl = async (): Promise<string> =>
    ((await bench.vms.ask(administrator, '{ _service { sdl } }')).data?.['_service'] as { sdl: string }).sdl;

  it('get the first answer, whatever is gone since: every mutation of the schema', async () => {
    const begins = (mutation: string): void => {
      actor = /Template$|Quota$|Host|^migrateVm$|^cancelOperation$/.test(mutation) ? administrator : bench.actor;
    };
    expect(await replayProblems(replays, await sdl(), rows(), begins)).toEqual([]);
  }, 240_000);

  it('have each left their entry in the audit', async () => {
    const entries = await bench.vms
      .get(PrismaClient)
      .auditEntry.findMany({ where: { result: 'ok' }, distinct: ['verb'] });
    const names = keyedMutations(await sdl()).map(({ name }) => name);
    // Of some the verb says which kind of it was as well, behind a colon.
    expect(entries.map(({ verb }) => verb.split(':')[0])).toEqual(expect.arrayContaining(names));
  });

  it('or anything asked with hostile arguments are never answered INTERNAL', async () => {
    const { departmentId: Department, neighbours } = bench;
    const [Vm, Template] = [await bench.created(), await keptTemplate()];
    const ids = { Vm, Template, Department, Image: neighbours.imageId };
    const answer = async (query: string, variables: Record<string, unknown>) =>
      ((await bench.vms.ask(administrator, query, variables)).errors ?? []).map(({ extensions }) => extensions.code);
    expect(await hostileProblems(await sdl(), ids, answer)).toEqual([]);
  }, 120_000);

  it('take one vCPU and none said for the same input, when there is no template', async () => {
    const input = bench.input();
    expect((await bench.create(input)).errors).toBeUndefined();
    expect((await bench.create({ ...input, vcpus: 1 })).errors).toBeUndefined();
    expect((await bench.create({ ...input, vcpus: 2 })).errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });
});
