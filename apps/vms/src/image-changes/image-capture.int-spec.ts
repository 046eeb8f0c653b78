import { randomUUID } from 'node:crypto';
import { VmState } from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { askOfImage, askOfTemplate, captureBegun, imageUntil, imageView, offVm } from '../testing/image-requests.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';
import type { VmUpdate } from '../vms/vm.repository.js';

type Answer = Awaited<ReturnType<VmBench['create']>>;
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

const LIMIT = 12;
const UNKNOWN = '0'.repeat(64);

/** On a simulated host; test/captures.int-spec.ts of the agent has a real one. */
describe('images of VMs', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start({ IMAGES_PER_DEPARTMENT: String(LIMIT) });
  }, 120_000);
  afterEach(() => {
    Object.assign(host(), { percent: 100, refusal: null });
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.images;
  const row = (id: string) => database().image.findUniqueOrThrow({ where: { id } });
  const operationOf = (resourceId: string) =>
    database().operation.findFirstOrThrow({ where: { resourceId }, orderBy: { id: 'desc' }, include: { steps: true } });
  const refusal = async (input: Record<string, unknown>, actor = bench.actor): Promise<string | undefined> =>
    codeOf(await askOfImage(bench, 'createImageFromVm', { name: `image ${randomUUID()}`, ...input }, actor));
  const askedFor = (id: string) => host().captures.filter(({ imageId }) => imageId === id);
  const starts = async (vmId: string): Promise<void> => {
    expect(codeOf(await bench.act('startVm', vmId))).toBeUndefined();
    await bench.reaches(vmId, 'RUNNING');
  };

  it('are made by its host, which tells how far it is, keep the VM off until then, and are used there', async () => {
    host().percent = 40;
    const vmId = await offVm(bench);
    const id = await captureBegun(bench, vmId);
    await pollUntil(async () => (await operationOf(id)).progressPercent === 40, { what: '40 %', timeoutMs: 60_000 });
    expect(await imageView(bench, id)).toMatchObject({ state: 'CAPTURING', isImported: true, sizeGib: 0 });
    expect((await row(id)).sha256).toBe(UNKNOWN);
    for (const name of ['startVm', 'forceOffVm', 'resizeVm', 'createVmSnapshot', 'softDeleteVm'])
      expect([name, (await bench.act(name, vmId)).errors?.[0]?.extensions]).toMatchObject([
        name,
        { code: 'VM_BUSY', details: { operation: 'CAPTURE_IMAGE' } },
      ]);
    // What reads its disk too does not wait.
    const { data } = await bench.say('cloneVm', { vmId, name: `clone-${randomUUID().slice(0, 8)}` });
    const clone = data?.['cloneVm'] as { vm: { id: string } };
    await bench.until(clone.vm.id, 'the clone', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    expect(codeOf(await bench.create(bench.input({ imageId: id })))).toBe('IMAGE_BUSY');
    host().percent = 100;
    const image = await imageUntil(bench, id, 'READY');
    expect(image).toMatchObject({ sizeGib: 1 / 32, fileGib: 1 / 128, format: 'QCOW2' });
    const { hostId } = bench.neighbours;
    const { departmentId } = bench;
    const owned = { departmentId, hostId, importedById: bench.actor.userId, osFamily: 'linux', minMemoryMib: 128 };
    expect(await row(id)).toMatchObject({ ...owned, sha256: host().imported.get(id)?.sha256, reconcileAt: null });
    expect(askedFor(id)[0]).toMatchObject({ vmId, osFamily: 'linux', minMemoryMib: 128, reservePercent: 5 });
    expect(await operationOf(id)).toMatchObject({
      kind: 'CAPTURE_IMAGE',
      resourceKind: 'image',
      status: 'SUCCEEDED',
      steps: [{ name: 'capture-image', status: 'SUCCEEDED', attempts: 1 }],
    });
    expect(await bench.told(id)).toEqual(['state-changed', 'state-changed']);
    const entry = await database().auditEntry.findFirstOrThrow({ where: { resourceId: id } });
    expect(entry.verb).toBe(`createImageFromVm:${vmId}`);
    await starts(vmId);
    const made = await bench.running({ imageId: id });
    expect((await database().vm.findUniqueOrThrow({ where: { id: made } })).hostId).toBe(hostId);
  }, 180_000);

  it('are given up when they are deleted, which lets the VM go', async () => {
    host().percent = 10;
    const vmId = await offVm(bench);
    const id = await captureBegun(bench, vmId);
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await starts(vmId);
    await pollUntil(async () => (await row(id)).state === 'DELETED', { what: 'the deletion', timeoutMs: 60_000 });
    expect(host().removals).toContain(id);
    const ended = await database().operation.findMany({ where: { resourceId: id }, orderBy: { id: 'asc' } });
    expect(ended.map(({ kind, status }) => [kind, status])).toEqual([
      ['CAPTURE_IMAGE', 'SUPERSEDED'],
      ['DELETE_IMAGE', 'SUCCEEDED'],
    ]);
  }, 120_000);

  it('that cannot be made say why, and let the VM go; a host that is busy with it is asked again', async () => {
    const vmId = await offVm(bench);
    host().refusal = 'VM_BUSY';
    const id = await captureBegun(bench, vmId);
    await pollUntil(async () => (await row(id)).failedAttempts > 0, { what: 'a refusal', timeoutMs: 60_000 });
    expect((await row(id)).state).toBe('CAPTURING');
    host().refusal = 'CLONE_SOURCE_UNUSABLE';
    const { errorCode, errorMessage } = await imageUntil(bench, id, 'FAILED');
    expect([errorCode, errorMessage]).toEqual(['CLONE_SOURCE_UNUSABLE', expect.stringContaining('the spec says so')]);
    expect(host().removals).toContain(id);
    await starts(vmId);
  }, 120_000);

  it('come with a template that is as the VM is, which goes when they do not come about', async () => {
    host().percent = 10;
    const vmId = await offVm(bench, { vcpus: 2, maxVcpus: 4, memoryMib: 256 });
    const name = `template ${randomUUID()}`;
    const convert = async () => {
      const answer = await askOfImage(bench, 'convertVmToTemplate', { vmId, name });
      return answer.data?.['convertVmToTemplate'] as { image: { id: string }; template: { id: string; name: string } };
    };
    const begun = await convert();
    expect(begun.template.name).toBe(name);
    const templateId = begun.template.id;
    const ofTemplate = (named: string) => bench.create(bench.input({ imageId: null, templateId: named }));
    expect(codeOf(await ofTemplate(templateId))).toBe('IMAGE_BUSY');
    const taken = await askOfTemplate(bench, 'createTemplate', {
      name,
      imageId: bench.neighbours.imageId,
      departmentId: bench.departmentId,
    });
    expect(codeOf(taken)).toBe('NAME_TAKEN');
    // Given up, and failed: neither leaves a template.
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: begun.image.id }))).toBeUndefined();
    expect(await database().template.count({ where: { id: templateId } })).toBe(0);
    host().refusal = 'CLONE_SOURCE_UNUSABLE';
    const failing = await convert();
    await imageUntil(bench, failing.image.id, 'FAILED');
    expect(await database().template.count({ where: { id: failing.template.id } })).toBe(0);
    await askOfImage(bench, 'deleteImage', { imageId: failing.image.id });
    Object.assign(host(), { percent: 100, refusal: null });
    const { image, template } = await convert();
    await imageUntil(bench, image.id, 'READY');
    const refused = await askOfImage(bench, 'deleteImage', { imageId: image.id });
    expect(refused.errors?.[0]?.extensions.details).toEqual({ vms: 0, templates: 1 });
    const { data } = await ofTemplate(template.id);
    const made = (data?.['createVm'] as { vm: { id: string } }).vm.id;
    await bench.reaches(made, 'RUNNING');
    const origin = { imageId: image.id, templateId: template.id, templateVersion: 1 };
    const vm = await database().vm.findUniqueOrThrow({ where: { id: made } });
    expect(vm).toMatchObject({ vcpus: 2, maxVcpus: 4, memoryMib: 256, ...origin });
  }, 180_000);

  it('are given up after a day', async () => {
    host().percent = 10;
    const id = await captureBegun(bench, await offVm(bench));
    await database().operation.updateMany({ where: { resourceId: id }, data: { createdAt: new Date(0) } });
    expect((await imageUntil(bench, id, 'FAILED')).errorCode).toBe('DEADLINE_EXCEEDED');
    expect(host().removals).toContain(id);
  }, 120_000);

  it('are refused of a VM that could not be read, and nothing is left of them', async () => {
    const vmId = await offVm(bench);
    for (const other of [vmId, randomUUID(), 'no id'])
      expect(await refusal({ vmId: other }, memberOf(randomUUID()))).toBe('VM_NOT_FOUND');
    for (const name of ['', 'a\nb', 'x'.repeat(121)]) expect(await refusal({ vmId, name })).toBe('INVALID_INPUT');
    // What a host tells of it meanwhile has nobody bring it back.
    await bench.hold(vmId);
    const before = await database().image.count();
    const vm = await database().vm.findUniqueOrThrow({ where: { id: vmId } });
    const refusedWith = async (data: VmUpdate): Promise<string | undefined> => {
      await database().vm.update({ where: { id: vmId }, data });
      return refusal({ vmId });
    };
    for (const state of VmState.options.filter((one) => one !== 'STOPPED'))
      expect([state, await refusedWith({ state })]).toEqual([state, state === 'DELETED' ? 'VM_NOT_FOUND' : 'VM_BUSY']);
    const { diskBuiltAt } = vm;
    expect(await refusedWith({ state: 'STOPPED', diskBuiltAt: null })).toBe('VM_BUSY');
    expect(await refusedWith({ diskBuiltAt, savedAt: new Date() })).toBe('VM_MEMORY_SAVED');
    await database().vm.update({ where: { id: vmId }, data: { savedAt: null } });
    const hosts = { sourceHostId: vm.hostId, targetHostId: randomUUID() };
    await database().vmMigration.create({ data: { vmId, operationId: randomUUID(), phase: 'MOVING', ...hosts } });
    expect(await refusal({ vmId })).toBe('VM_BUSY');
    await database().vmMigration.delete({ where: { vmId } });
    await bench.say('createVmSnapshot', { vmId, name: 'under way' });
    expect(await refusal({ vmId })).toBe('VM_BUSY');
    await bench.letGo(vmId);
    await bench.until(vmId, 'the snapshot', ({ operations }) => operations[0]?.status === 'SUCCEEDED');
    expect(await database().image.count()).toBe(before);
  }, 120_000);

  it('are refused where there is no room for them, or one of the name', async () => {
    const vmId = await offVm(bench);
    const { hostId, volumes } = bench.neighbours;
    const { departmentId } = bench;
    const name = `Café ${randomUUID()}`;
    expect(await refusal({ vmId, name })).toBeUndefined();
    expect(await refusal({ vmId, name: name.toUpperCase() })).toBe('NAME_TAKEN');
    const { pool } = volumes;
    const isFull = async (): Promise<boolean> => {
      bench.report();
      return (await database().storagePool.findFirstOrThrow()).availableBytes <= 1n;
    };
    volumes.pool = { ...pool, availableBytes: 1 };
    await pollUntil(isFull, { what: 'the pool to be full', timeoutMs: 60_000 });
    expect(await refusal({ vmId })).toBe('POOL_FULL');
    volumes.pool = pool;
    await pollUntil(async () => !(await isFull()), { what: 'the pool to have room', timeoutMs: 60_000 });
    const living = { departmentId, state: { not: 'DELETED' as const } };
    const about = { version: 'imported', osFamily: 'linux', format: 'qcow2', sha256: UNKNOWN };
    const owned = { departmentId, hostId, importedById: bench.actor.userId, virtualSizeBytes: 0n, minMemoryMib: 64 };
    const missing = LIMIT - (await database().image.count({ where: living }));
    await database().image.createMany({
      data: Array.from({ length: missing }, () => ({ id: randomUUID(), name: 'more', ...about, ...owned })),
    });
    expect(await refusal({ vmId })).toBe('IMAGE_LIMIT_REACHED');
  }, 120_000);
});
