import { randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import { FurtherHosts } from '../testing/further-hosts.js';
import {
  askOfImage,
  askOfTemplate,
  imageInput,
  imageUntil,
  imageView,
  importBegun,
  importedImage,
} from '../testing/image-requests.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

type Answer = Awaited<ReturnType<VmBench['create']>>;
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

describe('images', () => {
  let bench: VmBench;
  const administrator = admin();
  beforeAll(async () => {
    bench = await VmBench.start({ IMAGES_PER_DEPARTMENT: '12' });
  }, 120_000);
  afterEach(() => {
    Object.assign(host(), { percent: 100, refusal: null });
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.images;
  const operationOf = (resourceId: string) =>
    database().operation.findFirstOrThrow({ where: { resourceId }, orderBy: { id: 'desc' }, include: { steps: true } });
  const isGone = (id: string) =>
    pollUntil(async () => (await database().image.findUniqueOrThrow({ where: { id } })).state === 'DELETED', {
      what: 'the deletion',
      timeoutMs: 60_000,
    });
  const fromImage = (imageId: string, overrides: Record<string, unknown> = {}) =>
    bench.create(bench.input({ imageId, ...overrides }));

  it('are imported by a host, tell how much has come, and are used once the host has told of them', async () => {
    host().percent = 40;
    const id = await importBegun(bench, { name: ' Débian 12 ' });
    await pollUntil(async () => (await operationOf(id)).progressPercent === 40, { what: '40 %', timeoutMs: 60_000 });
    expect(await imageView(bench, id)).toMatchObject({ name: 'Débian 12', state: 'IMPORTING', sizeGib: 0 });
    expect(codeOf(await fromImage(id))).toBe('IMAGE_BUSY');
    host().percent = 100;
    const image = await imageUntil(bench, id, 'READY');
    expect(image).toMatchObject({ sizeGib: 1 / 32, fileGib: 1 / 128, department: { id: bench.departmentId } });
    const operation = await operationOf(id);
    expect(operation).toMatchObject({ kind: 'IMPORT_IMAGE', resourceKind: 'image', status: 'SUCCEEDED' });
    // Its host was asked again and again, which is one attempt.
    expect(operation.steps).toMatchObject([{ name: 'import-image', status: 'SUCCEEDED', attempts: 1 }]);
    expect(host().imports.at(-1)).toMatchObject({ imageId: id, format: 'qcow2', osFamily: 'linux', reservePercent: 5 });
    // The address may hold a signature: nobody needs it any more.
    expect((await database().image.findUniqueOrThrow({ where: { id } })).sourceUrl).toBeNull();
    expect(await bench.told(id)).toEqual(['state-changed', 'state-changed']);
    const vmId = await bench.running({ imageId: id });
    const refused = await askOfImage(bench, 'deleteImage', { imageId: id });
    expect([codeOf(refused), refused.errors?.[0]?.extensions.details]).toEqual([
      'IMAGE_IN_USE',
      { vms: 1, templates: 0 },
    ]);
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    expect(host().imported.has(id)).toBe(false);
    expect(await imageView(bench, id)).toBeFalsy();
    expect(await database().hostImage.count({ where: { imageId: id } })).toBe(0);
    expect(await bench.told(id)).toEqual(Array.from({ length: 4 }, () => 'state-changed'));
    expect(codeOf(await fromImage(id))).toBe('IMAGE_NOT_FOUND');
  }, 120_000);

  it('that cannot be had are FAILED with the reason, and what is left of them is removed', async () => {
    host().refusal = 'IMAGE_CHECKSUM_MISMATCH';
    const name = `Café ${randomUUID()}`;
    const id = await importBegun(bench, { name });
    const image = await imageUntil(bench, id, 'FAILED');
    expect(image.errorCode).toBe('IMAGE_CHECKSUM_MISMATCH');
    expect(image.errorMessage).toContain('the spec says so');
    expect(await operationOf(id)).toMatchObject({ status: 'FAILED', errorCode: 'IMAGE_CHECKSUM_MISMATCH' });
    expect(host().removals).toContain(id);
    host().refusal = null;
    const again = () => askOfImage(bench, 'importImage', imageInput(bench, { name: name.toUpperCase() }));
    expect(codeOf(await again())).toBe('NAME_TAKEN');
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    expect(codeOf(await again())).toBeUndefined();
  }, 120_000);

  it.each([
    ['goes on without end', null, 'IMAGE_SOURCE_UNAVAILABLE'],
    // What fails late has gone on before: it is not only failing.
    ['fails again and again', 'STORAGE_UNAVAILABLE', 'STORAGE_UNAVAILABLE'],
  ] as const)(
    'are given up after days when an import %s',
    async (_how, refusal, code) => {
      Object.assign(host(), { percent: 10, refusal });
      const id = await importBegun(bench);
      await database().operation.updateMany({ where: { resourceId: id }, data: { createdAt: new Date(0) } });
      expect((await imageUntil(bench, id, 'FAILED')).errorCode).toBe(code);
      expect(host().removals).toContain(id);
    },
    120_000,
  );

  it('that are being imported are given up when they are deleted', async () => {
    host().percent = 10;
    const id = await importBegun(bench);
    await pollUntil(() => host().imports.some(({ imageId }) => imageId === id), { what: 'the import' });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    const kinds = await database().operation.findMany({ where: { resourceId: id }, orderBy: { id: 'asc' } });
    expect(kinds.map(({ kind, status }) => [kind, status])).toEqual([
      ['IMPORT_IMAGE', 'SUPERSEDED'],
      ['DELETE_IMAGE', 'SUCCEEDED'],
    ]);
  }, 120_000);

  it('that a guest has in its drive yet are removed when it has let go', async () => {
    const id = await importedImage(bench);
    host().refusal = 'IMAGE_IN_USE';
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await pollUntil(() => host().removals.filter((imageId) => imageId === id).length > 1, {
      what: 'another attempt to remove it',
      timeoutMs: 60_000,
    });
    host().refusal = null;
    await isGone(id);
  }, 120_000);

  it('of a department are for its members and its VMs alone; those for all are for administrators to change', async () => {
    // What is for all may be called as a department's, but not as another that is for all.
    const named = { name: `everybody's ${randomUUID()}` };
    const id = await importedImage(bench, named);
    const shared = await importedImage(bench, { ...named, departmentId: null }, administrator);
    const twin = imageInput(bench, { ...named, departmentId: null });
    expect(codeOf(await askOfImage(bench, 'importImage', twin, administrator))).toBe('NAME_TAKEN');
    const other = randomUUID();
    bench.neighbours.departments.add(other);
    const stranger = memberOf(other);
    const listed = async (actor: ReturnType<typeof admin>) =>
      ((await bench.vms.ask(actor, '{ images { id } }')).data?.['images'] as { id: string }[]).map((one) => one.id);
    expect(await listed(stranger)).toEqual(expect.arrayContaining([shared, bench.neighbours.imageId]));
    expect(await listed(stranger)).not.toContain(id);
    expect(await listed(bench.actor)).toEqual(expect.arrayContaining([id, shared]));
    expect(await imageView(bench, id, stranger)).toBeFalsy();
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }, stranger))).toBe('IMAGE_NOT_FOUND');
    // A template that is shared would give it to all.
    const forEverybody = await askOfTemplate(bench, 'createTemplate', { imageId: id }, administrator);
    expect(codeOf(forEverybody)).toBe('IMAGE_NOT_FOUND');
    const theirs = { imageId: id, departmentId: other };
    const both = memberOf(bench.departmentId, other);
    expect(codeOf(await askOfTemplate(bench, 'createTemplate', theirs, both))).toBe('IMAGE_NOT_FOUND');
    const ours = { imageId: id, departmentId: bench.departmentId };
    expect(codeOf(await askOfTemplate(bench, 'createTemplate', ours))).toBeUndefined();
    const refused = await askOfImage(bench, 'deleteImage', { imageId: id });
    expect(refused.errors?.[0]?.extensions.details).toEqual({ vms: 0, templates: 1 });
    // Not even who is in both, or sees everything, takes it from one department to the other.
    for (const actor of [both, administrator])
      expect(codeOf(await bench.create(bench.input({ imageId: id, departmentId: other }), actor))).toBe(
        'IMAGE_NOT_FOUND',
      );
    const forAll = imageInput(bench, { departmentId: null });
    expect(codeOf(await askOfImage(bench, 'importImage', forAll))).toBe('FORBIDDEN');
    expect(codeOf(await askOfImage(bench, 'importImage', imageInput(bench, { departmentId: other })))).toBe(
      'DEPARTMENT_NOT_FOUND',
    );
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: shared }))).toBe('FORBIDDEN');
    const ofHosts = { imageId: bench.neighbours.imageId };
    expect(codeOf(await askOfImage(bench, 'deleteImage', ofHosts, administrator))).toBe('IMAGE_NOT_IMPORTED');
  }, 120_000);

  it('are kept by the newest versions of templates: of an older one no VM is made when its image is gone', async () => {
    const [first, second] = [await importedImage(bench), await importedImage(bench)];
    const { data } = await askOfTemplate(bench, 'createTemplate', { imageId: first, departmentId: bench.departmentId });
    const { id: templateId } = data?.['createTemplate'] as { id: string };
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: first }))).toBe('IMAGE_IN_USE');
    expect(codeOf(await askOfTemplate(bench, 'updateTemplate', { imageId: second, templateId }))).toBeUndefined();
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: first }))).toBeUndefined();
    await isGone(first);
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: second }))).toBe('IMAGE_IN_USE');
    const fromVersion = async (templateVersion: number) =>
      codeOf(await bench.create(bench.input({ imageId: null, templateId, templateVersion })));
    expect([await fromVersion(1), await fromVersion(2)]).toEqual(['IMAGE_NOT_FOUND', undefined]);
    const back = await askOfTemplate(bench, 'updateTemplate', { imageId: first, templateId });
    expect(codeOf(back)).toBe('IMAGE_NOT_FOUND');
  }, 120_000);

  it('are refused with what cannot be meant', async () => {
    for (const wrong of [
      { url: 'ftp://images.example.org/x' },
      { url: 'file:///etc/passwd' },
      { url: 'https://user:secret@images.example.org/x' },
      { url: 'https://' },
      { sha256: 'b'.repeat(63) },
      { sha256: 'z'.repeat(64) },
      { osFamily: 'Linux"' },
      { minMemoryMib: 1 },
    ])
      expect([wrong, codeOf(await askOfImage(bench, 'importImage', imageInput(bench, wrong)))]).toEqual([
        wrong,
        'INVALID_INPUT',
      ]);
    const nowhere = imageInput(bench, { hostId: randomUUID() });
    expect(codeOf(await askOfImage(bench, 'importImage', nowhere))).toBe('HOST_NOT_FOUND');
  });

  it('that are imported are not adopted from what a host tells, when their rows are lost', async () => {
    const sizes = { virtualSizeBytes: 512, minMemoryMib: 64 };
    const about = { osFamily: 'linux', format: 'raw' as const, sha256: 'c'.repeat(64), ...sizes };
    const [lost, told] = [randomUUID(), randomUUID()];
    host().imported.set(lost, { ...about, imageId: lost, name: 'lost', version: 'imported' });
    host().imported.set(told, { ...about, imageId: told, name: 'told', version: '7' });
    await pollUntil(async () => database().image.findUnique({ where: { id: told } }), {
      what: 'the report',
      timeoutMs: 60_000,
    });
    expect(await database().image.findUnique({ where: { id: lost } })).toBeNull();
    for (const id of [lost, told]) host().imported.delete(id);
  }, 90_000);

  it('are as many as a department may have, and no more', async () => {
    const living = { departmentId: bench.departmentId, state: { not: 'DELETED' as const } };
    const before = await database().image.count({ where: living });
    host().percent = 1;
    const answers = await Promise.all(
      Array.from({ length: 14 }, () => askOfImage(bench, 'importImage', imageInput(bench))),
    );
    expect(answers.filter((one) => codeOf(one) === undefined)).toHaveLength(12 - before);
    expect(answers.filter((one) => codeOf(one) === 'IMAGE_LIMIT_REACHED')).toHaveLength(2 + before);
    await database().image.updateMany({ where: { state: 'IMPORTING' }, data: { state: 'DELETING' } });
  }, 90_000);

  it('are used where they are: other hosts are refused by the rule of placement', async () => {
    const id = await importedImage(bench, { departmentId: null }, administrator);
    const further = await FurtherHosts.start(bench.neighbours.imageId);
    const roomy = further.add({ memoryMib: 1_000_000, cpus: 64 });
    try {
      await pollUntil(() => database().host.findUnique({ where: { id: roomy } }), {
        what: 'the host',
        timeoutMs: 60_000,
      });
      const vmId = await bench.running({ imageId: id });
      const query = 'query ($id: ID!) { vm(id: $id) { host { id } placement { hostCount refusals { rule hosts } } } }';
      expect((await bench.vms.ask(administrator, query, { id: vmId })).data?.['vm']).toEqual({
        host: { id: bench.neighbours.hostId },
        placement: { hostCount: 2, refusals: [{ rule: 'image-present', hosts: 1 }] },
      });
    } finally {
      await further.stop();
    }
  }, 120_000);
});
