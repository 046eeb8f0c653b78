import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { Upload } from 'tus-js-client';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { guestImageDir } from '../guest-image/build.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { codeOf } from './probes.ts';
import { RunningSystem } from './running-system.ts';

type Content = ConstructorParameters<typeof Upload>[0];

interface Place {
  readonly url: string;
  readonly ticket: string;
}

interface Pool {
  readonly id: string;
  readonly name: string;
}

const PIECE_BYTES = 1_048_576;
const key = (): string => randomUUID();

/** A file that somebody has becomes VMs, and a volume goes where there is room, under the guest that runs on it. */
describe('an image from a file, and volumes in two pools', () => {
  const fast = mkdtempSync(path.join(tmpdir(), 'infinibay-pool-'));
  const file = readdirSync(guestImageDir).find((name) => name.endsWith('.qcow2')) ?? '';
  const content = readFileSync(path.join(guestImageDir, file));
  const sha256 = createHash('sha256').update(content).digest('hex');
  let system: RunningSystem;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let sales: DepartmentUnderTest;
  let imageId: string;
  let vmId: string;
  let volumeId: string;

  beforeAll(async () => {
    system = await RunningSystem.start({ STORAGE_POOLS: `fast=${fast}` });
    admin = new PatientGraphClient(system.graphqlUrl);
    await admin.login('admin@infinibay.local', system.adminPassword);
    research = await DepartmentUnderTest.create(system, admin, 'Research');
    sales = await DepartmentUnderTest.create(system, admin, 'Sales');
  });
  afterAll(async () => {
    expect(await system.stop()).toBe(0);
    rmSync(fast, { recursive: true, force: true });
  });

  /** As a browser does it. @param breaksOff goes away when the first piece has come */
  const send = ({ url, ticket }: Place, breaksOff: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      // Its types name what browsers have; in Node it takes buffers.
      const input: unknown = content;
      const upload = new Upload(input as Content, {
        uploadUrl: url,
        headers: { authorization: `Bearer ${ticket}` },
        chunkSize: PIECE_BYTES,
        retryDelays: Array.from({ length: 200 }, () => 250),
        onChunkComplete: () => {
          if (breaksOff) upload.abort().then(resolve, reject);
        },
        onSuccess: () => {
          resolve();
        },
        onError: reject,
      });
      upload.start();
    });
  const image = async (by: DepartmentUnderTest): Promise<{ state: string; errorMessage: string | null }> => {
    const query = 'query ($id: ID!) { image(id: $id) { state errorMessage } }';
    return (await by.member.ask<{ image: { state: string; errorMessage: string | null } }>(query, { id: imageId }))
      .image;
  };
  const pools = async (): Promise<ReadonlyMap<string, string>> => {
    const { storagePools } = await admin.ask<{ storagePools: Pool[] }>('{ storagePools { id name } }');
    return new Map(storagePools.map(({ id, name }) => [name, id]));
  };
  const poolId = async (name: string): Promise<string> => {
    const id = await pollUntil(async () => (await pools()).get(name), { timeoutMs: 60_000, what: `the pool ${name}` });
    return id;
  };
  const poolOf = async (id: string): Promise<string> => {
    const query = 'query ($id: ID!) { volume(id: $id) { state error { code } pool { name } } }';
    const { volume } = await research.member.ask<{
      volume: { state: string; error: { code: string } | null; pool: Pool };
    }>(query, { id });
    if (volume.error !== null) throw new Error(`the volume failed: ${volume.error.code}`);
    return `${volume.state} in ${volume.pool.name}`;
  };
  const isIn = (id: string, pool: string): Promise<unknown> =>
    pollUntil(async () => (await poolOf(id)) === `AVAILABLE in ${pool}`, {
      timeoutMs: 120_000,
      intervalMs: 200,
      what: `the volume in ${pool}`,
    });
  const filesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('volume-'));
  const nameOf = (id: string): string => `volume-${id}.qcow2`;
  const io = (folder: string, id: string, command: string): string =>
    execFileSync('qemu-io', ['-c', command, path.join(folder, nameOf(id))], { encoding: 'utf8' });

  it('goes on where it broke off, straight to the host, and a guest runs from the bytes that were sent', async () => {
    const said = { departmentId: research.id, name: 'Mine', format: 'QCOW2', sizeBytes: content.length, sha256 };
    const query =
      'mutation ($input: CreateImageUploadInput!) { createImageUpload(input: $input) { image { id } upload { url ticket } } }';
    const create = () =>
      research.member.ask<{ createImageUpload: { image: { id: string }; upload: Place } }>(query, {
        input: { idempotencyKey: key(), ...said, minMemoryMib: 128 },
      });
    // A host tells every few seconds that it takes uploads.
    const { createImageUpload } = await pollUntil(
      async () => {
        const asked = create();
        const code = await codeOf(asked);
        expect(['no error', 'IMAGE_UPLOADS_UNAVAILABLE', 'NO_SUITABLE_POOL']).toContain(code);
        return code === 'no error' ? asked : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 500, what: 'a host that takes uploads' },
    );
    imageId = createImageUpload.image.id;
    const { upload } = createImageUpload;
    await send(upload, true);
    expect((await image(research)).state).toBe('UPLOADING');
    await send(upload, false);
    const isReady = async (): Promise<boolean> => {
      const { state, errorMessage } = await image(research);
      if (state === 'FAILED') throw new Error(`the upload failed: ${errorMessage ?? ''}`);
      return state === 'READY';
    };
    await pollUntil(isReady, { timeoutMs: 120_000, intervalMs: 200, what: 'the image' });
    expect(readdirSync(path.join(system.layout.diskDir, 'images'))).toContain(`${sha256}.qcow2`);
    expect(await codeOf(image(sales))).toBe('IMAGE_NOT_FOUND');
    vmId = await research.createVm('mine', { imageId });
    await research.reaches(vmId, 'RUNNING');
    await research.guestReady(vmId);
  });

  it('moves a volume to another pool under the guest that runs on it, with its bytes', async () => {
    volumeId = await research.createVolume('data', vmId);
    const { diskDir } = system.layout;
    io(diskDir, volumeId, 'write -P 7 1M 8M');
    await research.moveVolume('attachVolume', vmId, volumeId, 'ATTACHED');
    const move = async (by: DepartmentUnderTest, to: string): Promise<unknown> => {
      const query = 'mutation ($input: MoveVolumeInput!) { moveVolume(input: $input) { operation { id } } }';
      return by.member.ask(query, { input: { idempotencyKey: key(), volumeId, poolId: to } });
    };
    const [there, here] = [await poolId('fast'), await poolId('default')];
    expect(await codeOf(move(sales, there))).toBe('VOLUME_NOT_FOUND');
    expect(await codeOf(move(research, here))).toBe('VOLUME_BUSY');
    expect(await codeOf(move(research, randomUUID()))).toBe('POOL_NOT_FOUND');
    await move(research, there);
    await isIn(volumeId, 'fast');
    expect([filesIn(diskDir), filesIn(fast)]).toEqual([[], [nameOf(volumeId)]]);
    for (const inactive of [[], ['--inactive']])
      expect(await system.virsh('domblklist', ...inactive, vmId)).toContain(path.join(fast, nameOf(volumeId)));
    expect((await system.virsh('domstate', vmId)).trim()).toBe('running');
    await research.moveVolume('detachVolume', vmId, volumeId, null);
    expect(io(fast, volumeId, 'read -P 7 1M 8M')).not.toContain('failed');
  });

  it('clones it into the other pool, and each is its own from then on', async () => {
    const query = 'mutation ($input: CloneVolumeInput!) { cloneVolume(input: $input) { volume { id } } }';
    const input = { idempotencyKey: key(), volumeId, name: 'copy', poolId: await poolId('default') };
    const { cloneVolume } = await research.member.ask<{ cloneVolume: { volume: { id: string } } }>(query, { input });
    const { id } = cloneVolume.volume;
    await isIn(id, 'default');
    io(fast, volumeId, 'write -P 9 1M 8M');
    expect(io(system.layout.diskDir, id, 'read -P 7 1M 8M')).not.toContain('failed');
    await research.deleteVolume(id);
    expect(filesIn(system.layout.diskDir)).toEqual([]);
  });

  it('leaves nothing of all that', async () => {
    await research.deleteVolume(volumeId);
    expect(filesIn(fast)).toEqual([]);
    await research.deleteVm(vmId);
    const query = 'mutation ($input: ImageActionInput!) { deleteImage(input: $input) { image { id } } }';
    await research.member.ask(query, { input: { idempotencyKey: key(), imageId } });
    const images = (): string[] => readdirSync(path.join(system.layout.diskDir, 'images'));
    await pollUntil(() => Promise.resolve(!images().some((name) => name.includes(sha256))), {
      timeoutMs: 60_000,
      what: 'the end of the image',
    });
    expect(system.disks()).toEqual([]);
  });
});
