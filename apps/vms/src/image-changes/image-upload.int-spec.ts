import { createHash, randomUUID } from 'node:crypto';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import {
  askOfImage,
  askOfTemplate,
  imageUntil,
  imageView,
  uploadBegun,
  uploadInput,
  type UploadView,
} from '../testing/image-requests.js';
import { VmBench } from '../testing/vm-bench.js';
import { memberOf } from '../testing/vms-under-test.js';

const MIB = 1_048_576;
const OFFERED = 'https://host-1.example.org/here/';

type Answer = Awaited<ReturnType<VmBench['create']>>;
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

describe('uploads of images', () => {
  let bench: VmBench;
  beforeAll(async () => {
    bench = await VmBench.start();
  }, 120_000);
  afterEach(() => {
    Object.assign(host(), { receivedBytes: null, refusal: null, uploadUrl: OFFERED });
  });
  afterAll(() => bench.stop());

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.images;
  const operationOf = (resourceId: string) =>
    database().operation.findFirstOrThrow({ where: { resourceId }, orderBy: { id: 'desc' }, include: { steps: true } });
  const uploadOf = (imageId: string) => database().imageUpload.findUnique({ where: { imageId } });
  const askedFor = (id: string) => host().uploads.filter(({ imageId }) => imageId === id);
  const shown = ({ data }: Answer): UploadView => data?.['createImageUpload'] as UploadView;

  it('go to a host with a ticket that it knows by its hash, tell how much has come, and become images', async () => {
    host().receivedBytes = 0;
    const input = uploadInput(bench, { idempotencyKey: randomUUID(), sizeBytes: 8 * MIB });
    const first = shown(await askOfImage(bench, 'createImageUpload', input));
    const { id } = first.image;
    expect(first.image.state).toBe('UPLOADING');
    expect(first.upload?.url).toBe(`${OFFERED}uploads/${id}`);
    const ticket = first.upload?.ticket ?? '';
    const ticketSha256 = createHash('sha256').update(ticket).digest('hex');
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    expect(askedFor(id)[0]).toMatchObject({ ticketSha256, sizeBytes: 8 * MIB, format: 'qcow2', reservePercent: 5 });
    // A browser that was closed gets it again, and nobody else does.
    expect(shown(await askOfImage(bench, 'createImageUpload', input)).upload?.ticket).toBe(ticket);
    const row = await uploadOf(id);
    expect(row).toMatchObject({ ticketSha256, receivedBytes: 0n });
    host().receivedBytes = 2 * MIB;
    await pollUntil(async () => (await operationOf(id)).progressPercent === 25, { what: '25 %', timeoutMs: 60_000 });
    // Its end is put off.
    expect((await uploadOf(id))?.expiresAt).not.toEqual(row?.expiresAt);
    expect(codeOf(await bench.create(bench.input({ imageId: id })))).toBe('IMAGE_BUSY');
    host().receivedBytes = null;
    expect(await imageUntil(bench, id, 'READY')).toMatchObject({ fileGib: 1 / 128, sizeGib: 1 / 32, format: 'QCOW2' });
    expect(await operationOf(id)).toMatchObject({
      kind: 'UPLOAD_IMAGE',
      status: 'SUCCEEDED',
      steps: [{ name: 'receive-image', status: 'SUCCEEDED', attempts: 1 }],
    });
    expect(await uploadOf(id)).toBeNull();
    expect(shown(await askOfImage(bench, 'createImageUpload', input))).toMatchObject({ image: { id }, upload: null });
    await bench.running({ imageId: id });
  }, 120_000);

  it('of ISOs are listed, and no disk is made of them that reads from one', async () => {
    const { image } = await uploadBegun(bench, { format: 'ISO' });
    expect(await imageUntil(bench, image.id, 'READY')).toMatchObject({ format: 'ISO' });
    expect(askedFor(image.id)[0]).toMatchObject({ format: 'iso' });
    const template = { imageId: image.id, departmentId: bench.departmentId };
    expect(codeOf(await askOfTemplate(bench, 'createTemplate', template))).toBe('IMAGE_NOT_A_DISK');
    const listed = async (query: string) =>
      ((await bench.vms.ask(bench.actor, query)).data?.['images'] as { id: string }[]).map(({ id }) => id);
    expect(await listed('{ images { id } }')).not.toContain(image.id);
    expect(await listed('{ images(all: true) { id } }')).toContain(image.id);
  }, 120_000);

  it('end when nobody has gone on with them for a day, and stay while their host is away', async () => {
    host().refusal = 'HOST_UNAVAILABLE';
    const { image } = await uploadBegun(bench);
    const failed = async () => (await database().image.findUniqueOrThrow({ where: { id: image.id } })).failedAttempts;
    await pollUntil(async () => (await failed()) > 0, { what: 'a failure', timeoutMs: 60_000 });
    await database().image.update({ where: { id: image.id }, data: { failingSince: new Date(0) } });
    await pollUntil(async () => (await failed()) > 1, { what: 'another', timeoutMs: 60_000 });
    expect((await imageView(bench, image.id))?.state).toBe('UPLOADING');
    Object.assign(host(), { refusal: null, receivedBytes: 0 });
    await database().imageUpload.update({ where: { imageId: image.id }, data: { expiresAt: new Date(0) } });
    expect((await imageUntil(bench, image.id, 'FAILED')).errorCode).toBe('IMAGE_UPLOAD_ENDED');
    expect(host().removals).toContain(image.id);
    expect(await uploadOf(image.id)).toBeNull();
  }, 120_000);

  it('are given up when the image is deleted', async () => {
    host().receivedBytes = MIB;
    const { image } = await uploadBegun(bench);
    await pollUntil(() => askedFor(image.id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: image.id }))).toBeUndefined();
    expect(await uploadOf(image.id)).toBeNull();
    const stateOf = async () => (await database().image.findUniqueOrThrow({ where: { id: image.id } })).state;
    await pollUntil(async () => (await stateOf()) === 'DELETED', { what: 'the deletion', timeoutMs: 60_000 });
    expect(host().removals).toContain(image.id);
  }, 120_000);

  it('are refused where they cannot be taken, and with what cannot be meant', async () => {
    const refusal = async (wrong: Record<string, unknown>, actor = bench.actor) =>
      codeOf(await askOfImage(bench, 'createImageUpload', uploadInput(bench, wrong), actor));
    for (const wrong of [
      { sizeBytes: 0 },
      { sizeBytes: 1.5 },
      { sizeBytes: 2 ** 47 },
      { sha256: 'b'.repeat(63) },
      { minMemoryMib: 1 },
    ])
      expect([wrong, await refusal(wrong)]).toEqual([wrong, 'INVALID_INPUT']);
    expect(await refusal({ sizeBytes: 79 * 1_024 * MIB })).toBe('POOL_FULL');
    expect(await refusal({ hostId: randomUUID() })).toBe('HOST_NOT_FOUND');
    expect(await refusal({}, memberOf(randomUUID()))).toBe('DEPARTMENT_NOT_FOUND');
    expect(await refusal({ departmentId: null })).toBe('FORBIDDEN');
    host().uploadUrl = null;
    await pollUntil(async () => (await database().host.count({ where: { uploadUrl: { not: null } } })) === 0, {
      what: 'the report',
      timeoutMs: 60_000,
    });
    expect(await refusal({})).toBe('IMAGE_UPLOADS_UNAVAILABLE');
  }, 120_000);
});
