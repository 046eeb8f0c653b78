import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDatabase, type PrismaClient } from '../database.js';
import {
  askOfImage,
  askOfTemplate,
  captureBegun,
  copyBegun,
  importBegun,
  importedImage,
  offVm,
  uploadBegun,
} from '../testing/image-requests.js';
import { SecondHost } from '../testing/second-host.js';
import { VmBench } from '../testing/vm-bench.js';
import { INTERNAL_KEY, VmsUnderTest, testNats } from '../testing/vms-under-test.js';

const HOUR_MS = 3_600_000;
const MAIN = join(import.meta.dirname, '../../dist/main.js');
const KILLS = [
  'before:import-image',
  'after:import-image',
  'after:receive-image',
  'before:capture-image',
  'after:capture-image',
  'before:copy-image',
  'after:copy-image',
  'before:remove-image',
  'after:remove-image',
] as const;

describe('images', () => {
  let bench: VmBench;
  let database: PrismaClient;
  /** Where images are copied to. */
  let other: SecondHost;
  const services: ChildProcess[] = [];
  beforeAll(async () => {
    bench = await VmBench.start();
    database = createDatabase({ DATABASE_URL: bench.database.url, DATABASE_POOL_SIZE: 4 });
    other = await SecondHost.start();
  }, 120_000);
  afterAll(async () => {
    for (const service of services) service.kill('SIGKILL');
    await database.$disconnect();
    await other.away();
    await bench.stop();
  });

  type Answer = Awaited<ReturnType<VmBench['create']>>;
  const codeOf = ({ errors }: Answer): string | undefined => errors?.[0]?.extensions.code;
  /** Whether a statement waits for a lock. */
  const isWaiting = async (part: string): Promise<boolean> => {
    const rows = await database.$queryRaw<{ query: string }[]>`
      SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return rows.some(({ query }) => query.includes(part));
  };

  /** A deletion that is answered, or waits for who keeps the image; within an object nobody waits for its answer. */
  const deletionOf = async (imageId: string): Promise<{ readonly answer: Promise<Answer> }> => {
    let isAnswered = false;
    const answer = askOfImage(bench, 'deleteImage', { imageId }).finally(() => (isAnswered = true));
    await pollUntil(async () => isAnswered || (await isWaiting('FROM images')), { what: 'the deletion' });
    return { answer };
  };
  const expectInUse = (refused: Answer, uses: { readonly vms: number; readonly templates: number }): void => {
    expect([codeOf(refused), refused.errors?.[0]?.extensions.details]).toEqual(['IMAGE_IN_USE', uses]);
  };

  it('are not deleted under a VM that is being accepted', async () => {
    const imageId = await importedImage(bench);
    const { hostId } = bench.neighbours;
    const asked = await database.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT id FROM hosts WHERE id = ${hostId}::uuid FOR UPDATE`;
        const create = bench.create(bench.input({ imageId }));
        // It has chosen image and host, and has not written the VM.
        await pollUntil(() => isWaiting('maintenance_since IS NULL'), { what: 'the create', timeoutMs: 60_000 });
        return { create, deletion: await deletionOf(imageId) };
      },
      { timeout: 120_000 },
    );
    expect(codeOf(await asked.create)).toBeUndefined();
    expectInUse(await asked.deletion.answer, { vms: 1, templates: 0 });
  }, 180_000);

  it('are not deleted under a template that is being made', async () => {
    const imageId = await importedImage(bench);
    const asked = await database.$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('vms.templates'))`;
        const create = askOfTemplate(bench, 'createTemplate', { imageId, departmentId: bench.departmentId });
        // It has looked at the image, and has not written the template.
        await pollUntil(() => isWaiting('vms.templates'), { what: 'the create', timeoutMs: 60_000 });
        return { create, deletion: await deletionOf(imageId) };
      },
      { timeout: 120_000 },
    );
    expect(codeOf(await asked.create)).toBeUndefined();
    expectInUse(await asked.deletion.answer, { vms: 0, templates: 1 });
  }, 180_000);

  it('are deleted, or used, however many ask at once', async () => {
    for (let round = 0; round < 3; round += 1) {
      const imageId = await importedImage(bench);
      const [deletion, ...creates] = await Promise.all([
        askOfImage(bench, 'deleteImage', { imageId }),
        ...Array.from({ length: 4 }, () => bench.create(bench.input({ imageId }))),
      ]);
      const made = creates.filter((one) => codeOf(one) === undefined);
      if (codeOf(deletion) === undefined) expect(made).toEqual([]);
      else expect([codeOf(deletion), made.length > 0]).toEqual(['IMAGE_IN_USE', true]);
    }
  }, 180_000);

  const lease = (owner: string | null) => ({
    leaseOwner: owner,
    leaseUntil: owner === null ? null : new Date(Date.now() + HOUR_MS),
  });

  const brought = async (place: string): Promise<string> =>
    place.endsWith('receive-image') ? (await uploadBegun(bench)).image.id : importBegun(bench);

  /** A request that was accepted, and that no worker has taken up yet. */
  const accepted = async (place: string): Promise<string> => {
    if (place.endsWith('remove-image')) {
      const id = await importedImage(bench);
      await database.image.update({ where: { id }, data: lease('nobody') });
      await askOfImage(bench, 'deleteImage', { imageId: id });
      return id;
    }
    if (place.endsWith('copy-image')) {
      const id = await importedImage(bench);
      await pollUntil(() => database.storagePool.findFirst({ where: { hostId: other.hostId } }), { timeoutMs: 60_000 });
      await pollUntil(() => database.host.findFirst({ where: { id: other.hostId, takesImageCopies: true } }));
      await database.image.update({ where: { id }, data: lease('nobody') });
      await copyBegun(bench, id, other.hostId);
      return id;
    }
    const vmId = place.endsWith('capture-image') ? await offVm(bench) : null;
    bench.neighbours.images.refusal = 'STORAGE_UNAVAILABLE';
    const id = vmId === null ? await brought(place) : await captureBegun(bench, vmId);
    await pollUntil(async () => {
      const { failedAttempts, leaseOwner } = await database.image.findUniqueOrThrow({ where: { id } });
      return failedAttempts > 0 && leaseOwner === null;
    });
    await database.image.update({ where: { id }, data: lease('nobody') });
    bench.neighbours.images.refusal = null;
    return id;
  };

  /** Lets a service of its own take it up, which ends there. */
  const dieAt = async (place: string, id: string): Promise<void> => {
    const nats = testNats();
    const environment = {
      HTTP_PORT: '0',
      LOG_LEVEL: 'error',
      NATS_URL: nats.url,
      NATS_USER: nats.user,
      NATS_PASSWORD: nats.password,
      DATABASE_URL: bench.database.url,
      INTERNAL_KEY,
      LEASE_SECONDS: '3',
      FAILPOINT: place,
    };
    await database.image.update({ where: { id }, data: { ...lease(null), reconcileAt: new Date(0) } });
    const service = spawn(process.execPath, [MAIN], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
    services.push(service);
    const [, signal] = (await once(service, 'exit')) as [number | null, NodeJS.Signals | null];
    expect([place, signal]).toEqual([place, 'SIGKILL']);
  };

  it('come to what was asked when the service that works on them is killed', async () => {
    const ids: string[] = [];
    for (const place of KILLS) ids.push(await accepted(place));
    await bench.vms.stop();
    for (const [index, place] of KILLS.entries()) await dieAt(place, ids[index] ?? '');
    bench.vms = await VmsUnderTest.start(bench.database);
    for (const [index, place] of KILLS.entries()) {
      const id = ids[index] ?? '';
      const state = place.endsWith('remove-image') ? 'DELETED' : 'READY';
      await pollUntil(
        async () => {
          bench.neighbours.heartbeat();
          const image = await database.image.findUniqueOrThrow({ where: { id } });
          const last = await database.operation.findFirstOrThrow({
            where: { resourceId: id },
            orderBy: { id: 'desc' },
          });
          return image.state === state && last.status === 'SUCCEEDED';
        },
        { what: `${state} after a kill ${place}`, timeoutMs: 90_000, intervalMs: 250 },
      );
      expect(bench.neighbours.images.imported.has(id)).toBe(state === 'READY');
      expect([place, other.images.imported.has(id)]).toEqual([place, place.endsWith('copy-image')]);
    }
  }, 400_000);
});
