import { createHash, randomUUID } from 'node:crypto';
import { databaseNow } from '@infinibay/platform-persistence';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { PrismaClient } from '../database.js';
import type { Prisma } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import {
  askOfImage,
  askOfTemplate,
  copyBegun,
  imageView,
  importBegun,
  importedImage,
  placesOf,
} from '../testing/image-requests.js';
import { SecondHost } from '../testing/second-host.js';
import { VmBench } from '../testing/vm-bench.js';
import { admin, memberOf } from '../testing/vms-under-test.js';

const MIB = 1_048_576;
const CANCEL = 'mutation ($input: CancelOperationInput!) { cancelOperation(input: $input) { id } }';

type Answer = Awaited<ReturnType<VmBench['create']>>;
const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;

/** Between simulated hosts; copies.int-spec.ts of the agent has real ones. */
describe('copies of images', () => {
  const administrator = admin();
  let bench: VmBench;
  /** Hosts that have images, and are too small for VMs. */
  let other: SecondHost;
  let third: SecondHost;
  beforeAll(async () => {
    bench = await VmBench.start();
    [other, third] = [await SecondHost.start(), await SecondHost.start()];
    for (const hostId of [here(), other.hostId, third.hostId]) await isHeardOf(hostId);
  }, 120_000);
  afterEach(() => {
    for (const images of [host(), other.images, third.images])
      Object.assign(images, { percent: 100, copiedBytes: null, copyRefusal: null, offerRefusal: null });
  });
  afterAll(async () => {
    for (const one of [other, third]) await one.away();
    await bench.stop();
  });

  const database = () => bench.vms.get(PrismaClient);
  const host = () => bench.neighbours.images;
  const isHeardOf = (hostId: string) =>
    pollUntil(
      async () => {
        const isNew = await database().host.count({ where: { id: hostId, takesImageCopies: true } });
        return isNew + (await database().storagePool.count({ where: { hostId } })) === 2;
      },
      { what: 'all that a host tells', timeoutMs: 60_000 },
    );
  const operation = (id: string) =>
    database().operation.findUniqueOrThrow({ where: { id }, include: { steps: { orderBy: { position: 'asc' } } } });
  const ended = (id: string) =>
    pollUntil(
      async () => {
        bench.neighbours.heartbeat();
        const one = await operation(id);
        return ['PENDING', 'RUNNING'].includes(one.status) ? null : one;
      },
      { what: 'the end of the operation', timeoutMs: 60_000, intervalMs: 100 },
    );
  const copiesOf = (imageId: string) => database().imageCopy.findMany({ where: { imageId } });
  const askedFor = (id: string) => host().copies.filter(({ imageId }) => imageId === id);
  /** An image that is on another host alone. */
  const elsewhere = (overrides: Record<string, unknown> = {}, actor = bench.actor) =>
    importedImage(bench, { hostId: other.hostId, ...overrides }, actor);
  const here = () => bench.neighbours.hostId;
  const stateOn = async (id: string, hostId: string) =>
    (await placesOf(bench, id)).find((place) => place.host?.id === hostId)?.state;
  const isGone = (id: string) =>
    pollUntil(async () => (await database().image.findUniqueOrThrow({ where: { id } })).state === 'DELETED', {
      what: 'the deletion',
      timeoutMs: 60_000,
    });

  it('go from host to host by a ticket that the source knows by its hash, and tell how much has come', async () => {
    host().copiedBytes = 2 * MIB;
    const id = await elsewhere({ name: ' Débian 12 ' });
    const operationId = await copyBegun(bench, id, here());
    // Whoever asks for the same hears of the same.
    expect(await copyBegun(bench, id, here().toUpperCase())).toBe(operationId);
    await pollUntil(async () => (await operation(operationId)).progressPercent === 25, {
      what: '25 %',
      timeoutMs: 60_000,
    });
    expect(await imageView(bench, id)).toMatchObject({ name: 'Débian 12', state: 'READY' });
    expect(await placesOf(bench, id)).toEqual(
      expect.arrayContaining([
        { state: 'READY', progressPercent: 100, errorCode: null, host: { id: other.hostId } },
        { state: 'COPYING', progressPercent: 25, errorCode: null, host: { id: here() } },
      ]),
    );
    const request = askedFor(id).at(-1);
    const url = `https://${other.hostId}.example.org/uploads/${id}/content`;
    expect(request).toMatchObject({ url, sizeBytes: 8 * MIB, format: 'qcow2', reservePercent: 5 });
    const ticketSha256 = createHash('sha256')
      .update(request?.ticket ?? '')
      .digest('hex');
    // It is the same each time, and is offered as long as somebody reads by it.
    const offers = other.images.offers.filter(({ imageId }) => imageId === id);
    expect(new Set(offers.map((offer) => offer.ticketSha256))).toEqual(new Set([ticketSha256]));
    host().copiedBytes = null;
    expect(await ended(operationId)).toMatchObject({
      kind: 'COPY_IMAGE',
      resourceKind: 'image',
      resourceId: id,
      status: 'SUCCEEDED',
      steps: [{ name: 'copy-image', status: 'SUCCEEDED', attempts: 1 }],
    });
    expect([await stateOn(id, here()), await copiesOf(id)]).toEqual(['READY', []]);
    // It has changed nothing of the image, and told nothing of it.
    expect(await bench.told(id)).toEqual(['state-changed', 'state-changed']);
    // Where it is already there is nothing to do.
    expect((await ended(await copyBegun(bench, id, here()))).status).toBe('SUCCEEDED');
    const vmId = await bench.running({ imageId: id });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBe('IMAGE_IN_USE');
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    expect([host(), other.images].map(({ imported }) => imported.has(id))).toEqual([false, false]);
  }, 180_000);

  it('go on from another host when one does not send them any more', async () => {
    const id = await elsewhere();
    expect((await ended(await copyBegun(bench, id, third.hostId))).status).toBe('SUCCEEDED');
    host().copiedBytes = 2 * MIB;
    const operationId = await copyBegun(bench, id, here());
    const readFrom = () => new URL(askedFor(id).at(-1)?.url ?? 'https://nobody').hostname.split('.')[0];
    await pollUntil(async () => (await operation(operationId)).progressPercent === 25, { timeoutMs: 60_000 });
    const isOther = readFrom() === other.hostId;
    const first = isOther ? other : third;
    const second = isOther ? third : other;
    // It is not there any more.
    first.images.offerRefusal = 'IMAGE_NOT_FOUND';
    await pollUntil(() => readFrom() === second.hostId, { what: 'the other source', timeoutMs: 60_000 });
    first.images.offerRefusal = null;
    // It says that it sends it, and does not: each is tried in turn.
    host().copyRefusal = 'IMAGE_SOURCE_AWAY';
    await pollUntil(() => readFrom() === first.hostId, { what: 'the first source', timeoutMs: 60_000 });
    Object.assign(host(), { copyRefusal: null, copiedBytes: null });
    expect((await ended(operationId)).status).toBe('SUCCEEDED');
  }, 180_000);

  it('are taken back, and can be asked for again', async () => {
    host().copiedBytes = MIB;
    const id = await elsewhere();
    const operationId = await copyBegun(bench, id, here());
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    const input = { idempotencyKey: randomUUID(), operationId };
    expect((await bench.vms.ask(memberOf(bench.departmentId), CANCEL, { input })).errors?.[0]?.extensions.code).toBe(
      'FORBIDDEN',
    );
    expect((await bench.vms.ask(bench.actor, CANCEL, { input })).errors).toBeUndefined();
    expect(await ended(operationId)).toMatchObject({ status: 'FAILED', errorCode: 'OPERATION_CANCELLED' });
    expect(host().removals).toContain(id);
    expect([await copiesOf(id), await stateOn(id, here()), other.images.imported.has(id)]).toEqual([
      [],
      undefined,
      true,
    ]);
    host().copiedBytes = null;
    expect((await ended(await copyBegun(bench, id, here()))).status).toBe('SUCCEEDED');
  }, 180_000);

  it('that cannot be made say why, and can be asked for again', async () => {
    host().copyRefusal = 'IMAGE_CHECKSUM_MISMATCH';
    const id = await elsewhere();
    const operationId = await copyBegun(bench, id, here());
    const failed = await ended(operationId);
    expect(failed).toMatchObject({ status: 'FAILED', errorCode: 'IMAGE_CHECKSUM_MISMATCH' });
    expect(failed.errorMessage).toContain('the spec says so');
    expect((await placesOf(bench, id)).find((place) => place.host?.id === here())).toMatchObject({
      state: 'FAILED',
      errorCode: 'IMAGE_CHECKSUM_MISMATCH',
    });
    expect(host().removals).toContain(id);
    // The image is what it was, where it was.
    expect(await imageView(bench, id)).toMatchObject({ state: 'READY', errorCode: null });
    host().copyRefusal = null;
    expect((await ended(await copyBegun(bench, id, here()))).status).toBe('SUCCEEDED');
    // What goes on without end, or only fails, ends.
    const endless = await elsewhere();
    Object.assign(host(), { copiedBytes: MIB });
    const given = await copyBegun(bench, endless, here());
    await database().imageCopy.updateMany({ where: { imageId: endless }, data: { createdAt: new Date(0) } });
    expect((await ended(given)).errorCode).toBe('DEADLINE_EXCEEDED');
  }, 180_000);

  it('are read once from each host that sends other bytes, whatever comes between and whoever was away', async () => {
    const id = await elsewhere();
    expect((await ended(await copyBegun(bench, id, third.hostId))).status).toBe('SUCCEEDED');
    host().copiedBytes = MIB;
    const mismatch = 'IMAGE_CHECKSUM_MISMATCH';
    host().copyRefusals.push(null, mismatch, null, mismatch, null, mismatch);
    expect((await ended(await copyBegun(bench, id, here()))).errorCode).toBe(mismatch);
    expect(askedFor(id)).toHaveLength(4);
    host().copyRefusals.splice(0);
    host().copyRefusals.push('IMAGE_SOURCE_AWAY', 'IMAGE_SOURCE_AWAY', mismatch);
    host().copiedBytes = null;
    expect((await ended(await copyBegun(bench, id, here()))).status).toBe('SUCCEEDED');
  }, 180_000);

  it('are left alone where no other host has the image any more: it may be all that is left of it', async () => {
    const id = await elsewhere();
    host().copiedBytes = MIB;
    const operationId = await copyBegun(bench, id, here());
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    other.images.imported.delete(id);
    await pollUntil(async () => (await database().hostImage.count({ where: { imageId: id } })) === 0, {
      what: 'the heartbeat without it',
      timeoutMs: 60_000,
    });
    const input = { idempotencyKey: randomUUID(), operationId };
    expect((await bench.vms.ask(bench.actor, CANCEL, { input })).errors).toBeUndefined();
    expect((await ended(operationId)).errorCode).toBe('OPERATION_CANCELLED');
    expect([host().removals.includes(id), await copiesOf(id)]).toEqual([false, []]);
    // Whoever deletes it means all of it: also where nothing is told of it just now.
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    expect(host().removals).toContain(id);
  }, 180_000);

  it('are removed with the image from a host that tells of none just now', async () => {
    const id = await elsewhere();
    expect((await ended(await copyBegun(bench, id, third.hostId))).status).toBe('SUCCEEDED');
    // Its agent has begun anew, and still looks at what it has.
    third.images.imported.delete(id);
    await pollUntil(async () => (await stateOn(id, third.hostId)) === undefined, {
      what: 'the heartbeat without it',
      timeoutMs: 60_000,
    });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    await isGone(id);
    expect(third.images.removals).toContain(id);
  }, 180_000);

  it('are not waited for where the one host that has the image tells of none just now: it is asked itself', async () => {
    const id = await importedImage(bench, { hostId: here() });
    host().imported.delete(id);
    bench.neighbours.heartbeat();
    await pollUntil(async () => (await stateOn(id, here())) === undefined, {
      what: 'the heartbeat without it',
      timeoutMs: 60_000,
    });
    const copies = bench.vms.get(ImageCopyRepository);
    expect(await copies.isMissing(id, here())).toBe(false);
    expect(await copies.isMissing(id, third.hostId)).toBe(true);
  }, 180_000);

  it('that an older instance took for being at rest go on when they are asked for', async () => {
    const id = await elsewhere();
    const now = await databaseNow(database());
    const about = { imageId: id, hostId: here(), dueAt: now, createdAt: now };
    await database().imageCopy.create({ data: { id: randomUUID(), ...about } });
    expect((await ended(await copyBegun(bench, id, here()))).status).toBe('SUCCEEDED');
  }, 180_000);

  it('are made where no host that has the image can take a VM of it, before its disk, unless that is not wanted', async () => {
    const id = await elsewhere();
    const of = (overrides: Record<string, unknown>) => bench.create(bench.input({ imageId: id, ...overrides }));
    expect(codeOf(await of({ imageCopies: 'NEVER' }))).toBe('NO_SUITABLE_HOST');
    host().copiedBytes = 4 * MIB;
    const data = (await of({})).data?.['createVm'] as { vm: { id: string }; operation: { id: string } };
    const { vm, operation: asked } = data;
    const steps = async () => (await operation(asked.id)).steps.map(({ name, status }) => [name, status]);
    await pollUntil(async () => (await operation(asked.id)).progressPercent === Math.floor(50 / 6), {
      what: 'half of the first step',
      timeoutMs: 60_000,
    });
    expect((await steps()).slice(0, 2)).toEqual([
      ['bring-image', 'RUNNING'],
      ['attach-network', 'PENDING'],
    ]);
    expect([bench.neighbours.vm(vm.id).disksMade, await stateOn(id, here())]).toEqual([0, 'COPYING']);
    // Somebody who waits for the copy alone has an operation of their own, and takes nothing away from the VM with it.
    const copying = await copyBegun(bench, id, here());
    const input = { idempotencyKey: randomUUID(), operationId: copying };
    expect((await bench.vms.ask(bench.actor, CANCEL, { input })).errors).toBeUndefined();
    expect((await ended(copying)).errorCode).toBe('OPERATION_CANCELLED');
    expect([host().removals.includes(id), await stateOn(id, here())]).toEqual([false, 'COPYING']);
    host().copiedBytes = null;
    await bench.reaches(vm.id, 'RUNNING');
    const done = await operation(asked.id);
    expect([done.status, done.steps[0]]).toMatchObject([
      'SUCCEEDED',
      { name: 'bring-image', status: 'SUCCEEDED', attempts: 1 },
    ]);
    expect(done.steps[0]?.finishedAt).not.toBeNull();
    expect(bench.neighbours.vm(vm.id).disksMade).toBe(1);
    // Of a template too; it is there by now.
    const ours = { imageId: id, departmentId: bench.departmentId };
    const made = await askOfTemplate(bench, 'createTemplate', ours);
    const { id: templateId } = made.data?.['createTemplate'] as { id: string };
    await bench.running({ imageId: null, templateId });
  }, 180_000);

  it('are given up with the VM that waited for them; what they fail with is told of it, and tried again when it is started', async () => {
    const id = await elsewhere();
    host().copiedBytes = MIB;
    const vmId = await bench.created({ imageId: id });
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBe('IMAGE_IN_USE');
    await bench.act('deleteVm', vmId);
    await bench.isGone(vmId);
    await pollUntil(async () => (await copiesOf(id)).length === 0, { what: 'the end of the copy', timeoutMs: 60_000 });
    expect(host().removals).toContain(id);
    host().copyRefusal = 'IMAGE_UNUSABLE';
    const failing = await bench.created({ imageId: id });
    const { error } = await bench.reaches(failing, 'ERROR');
    expect(error).toMatchObject({ code: 'IMAGE_COPY_FAILED', message: expect.stringContaining('the spec says so') });
    Object.assign(host(), { copyRefusal: null, copiedBytes: null });
    expect(codeOf(await bench.act('startVm', failing))).toBeUndefined();
    await bench.reaches(failing, 'RUNNING');
    expect(bench.neighbours.vm(failing).disksMade).toBe(1);
  }, 180_000);

  it('are removed from all hosts with the image, also from one that is away, when it is back', async () => {
    const id = await elsewhere();
    expect((await ended(await copyBegun(bench, id, third.hostId))).status).toBe('SUCCEEDED');
    host().copiedBytes = MIB;
    const operationId = await copyBegun(bench, id, here());
    await pollUntil(() => askedFor(id).length > 0, { what: 'the request', timeoutMs: 60_000 });
    await third.away();
    expect(codeOf(await askOfImage(bench, 'deleteImage', { imageId: id }))).toBeUndefined();
    expect((await operation(operationId)).status).toBe('SUPERSEDED');
    await pollUntil(() => !other.images.imported.has(id) && host().removals.includes(id), {
      what: 'the removal elsewhere',
      timeoutMs: 60_000,
    });
    const row = () => database().image.findUniqueOrThrow({ where: { id } });
    await pollUntil(async () => (await row()).failedAttempts > 0, { what: 'a failure', timeoutMs: 60_000 });
    expect((await row()).state).toBe('DELETING');
    await third.back();
    await isGone(id);
    expect([third.images.imported.has(id), await copiesOf(id)]).toEqual([false, []]);
  }, 180_000);

  it('are refused where they cannot be made, and to who may not', async () => {
    const id = await elsewhere();
    const refusal = async (hostId: string, imageId = id, actor = bench.actor) =>
      codeOf(await askOfImage(bench, 'copyImage', { imageId, hostId }, actor));
    for (const nowhere of [randomUUID(), 'nowhere']) expect(await refusal(nowhere)).toBe('HOST_NOT_FOUND');
    expect(await refusal(here(), randomUUID())).toBe('IMAGE_NOT_FOUND');
    expect(await refusal(here(), id, memberOf(randomUUID()))).toBe('IMAGE_NOT_FOUND');
    const shared = await elsewhere({ departmentId: null }, administrator);
    expect(await refusal(here(), shared)).toBe('FORBIDDEN');
    expect(await refusal(here(), shared, administrator)).toBeUndefined();
    expect(await refusal(other.hostId, bench.neighbours.imageId, administrator)).toBe('IMAGE_NOT_IMPORTED');
    host().percent = 10;
    expect(await refusal(other.hostId, await importBegun(bench, { hostId: here() }))).toBe('IMAGE_BUSY');
    const set = (hostId: string, data: Prisma.HostUpdateInput) =>
      database().host.update({ where: { id: hostId }, data });
    await set(here(), { maintenanceSince: new Date(), maintenanceById: randomUUID() });
    expect(await refusal(here())).toBe('HOST_IN_MAINTENANCE');
    await set(here(), { maintenanceSince: null, maintenanceById: null });
    const old = await SecondHost.start(false);
    try {
      await pollUntil(() => database().storagePool.findFirst({ where: { hostId: old.hostId } }), {
        what: 'the older host',
        timeoutMs: 60_000,
      });
      expect(await refusal(old.hostId)).toBe('UNSUPPORTED_BY_DRIVER');
      // It was of a newer version when it told of copies.
      await set(old.hostId, { takesImageCopies: true });
      const operationId = await copyBegun(bench, id, old.hostId);
      expect((await ended(operationId)).errorCode).toBe('UNSUPPORTED_BY_DRIVER');
    } finally {
      await old.away();
    }
    const { availableBytes } = third.pool;
    third.pool.availableBytes = 0;
    await pollUntil(
      async () => (await database().storagePool.findFirst({ where: { hostId: third.hostId } }))?.availableBytes === 0n,
      { what: 'the pool', timeoutMs: 60_000 },
    );
    expect(await refusal(third.hostId)).toBe('POOL_FULL');
    third.pool.availableBytes = availableBytes;
    const { copyUrl } = other.images;
    other.images.copyUrl = null;
    await pollUntil(
      async () => (await database().host.count({ where: { id: other.hostId, imageCopyUrl: null } })) === 1,
      {
        what: 'the report',
        timeoutMs: 60_000,
      },
    );
    expect(await refusal(here())).toBe('IMAGE_SOURCE_AWAY');
    expect(codeOf(await bench.create(bench.input({ imageId: id })))).toBe('NO_SUITABLE_HOST');
    other.images.copyUrl = copyUrl;
  }, 180_000);
});
