import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import type { GraphClient } from '../demo/graph-client.ts';
import { PatientGraphClient } from '../demo/patient-graph-client.ts';
import { guestImageDir } from '../guest-image/build.ts';
import { DepartmentUnderTest } from './department-under-test.ts';
import { bootableIso } from './bootable-iso.ts';
import { ImageUpload, imageOf, imageReady, sha256Of } from './image-upload.ts';
import { codeOf } from './probes.ts';
import { RunningSystem } from './running-system.ts';

interface Pool {
  readonly id: string;
  readonly name: string;
}

interface Converted {
  readonly convertVmToTemplate: { readonly image: { readonly id: string }; readonly template: { readonly id: string } };
}

const CONVERT =
  'mutation ($input: ImageOfVmInput!) { convertVmToTemplate(input: $input) { image { id } template { id } } }';
const key = (): string => randomUUID();

/** A file that somebody has becomes VMs, and a volume goes where there is room, under the guest that runs on it. */
describe('an image from a file, and volumes in two pools', () => {
  const fast = mkdtempSync(path.join(tmpdir(), 'infinibay-pool-'));
  const file = readdirSync(guestImageDir).find((name) => name.endsWith('.qcow2')) ?? '';
  const content = readFileSync(path.join(guestImageDir, file));
  const sha256 = sha256Of(content);
  let system: RunningSystem;
  let admin: GraphClient;
  let research: DepartmentUnderTest;
  let sales: DepartmentUnderTest;
  let imageId: string;
  let vmId: string;
  let volumeId: string;
  let discId: string;
  let installedId: string;

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

  const remove = (mutation: string, type: string, said: object): Promise<unknown> =>
    research.member.ask(`mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename } }`, {
      input: { idempotencyKey: key(), ...said },
    });
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
  const diskOf = (id: string): string =>
    path.join(system.layout.diskDir, system.disks().find((name) => name.includes(id)) ?? '');
  const io = (folder: string, id: string, command: string): string =>
    execFileSync('qemu-io', ['-c', command, path.join(folder, nameOf(id))], { encoding: 'utf8' });

  const convert = (by: DepartmentUnderTest): Promise<Converted> =>
    by.member.ask<Converted>(CONVERT, { input: { idempotencyKey: key(), vmId: installedId, name: 'Golden' } });

  it('goes on where it broke off, straight to the host, and a guest runs from the bytes that were sent', async () => {
    const upload = await ImageUpload.create(research, content, { name: 'Mine', format: 'QCOW2' });
    ({ imageId } = upload);
    await upload.send(true);
    expect((await imageOf(research, imageId)).state).toBe('UPLOADING');
    await upload.send();
    await imageReady(research, imageId);
    expect(readdirSync(path.join(system.layout.diskDir, 'images'))).toContain(`${sha256}.qcow2`);
    expect(await codeOf(imageOf(sales, imageId))).toBe('IMAGE_NOT_FOUND');
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

  it('installs a VM from a disc, which is in its drive until it is taken out, under the guest', async () => {
    const upload = await ImageUpload.create(research, bootableIso(), { name: 'Installer', format: 'ISO' });
    discId = upload.imageId;
    await upload.send();
    await imageReady(research, discId);
    installedId = await research.createVm('installed', { imageId: discId, diskGib: 1 });
    await research.reaches(installedId, 'RUNNING');
    // Its disk is empty: what answers was booted from the disc.
    await research.guestReady(installedId);
    expect(await system.virsh('domblklist', installedId)).toContain(`${path.sep}images${path.sep}`);
    const insert = (by: DepartmentUnderTest, id: string | null): Promise<unknown> =>
      by.ended(installedId, 'setVmCdrom', 'SetVmCdromInput', { imageId: id });
    expect(await codeOf(insert(sales, null))).toBe('VM_NOT_FOUND');
    expect(await codeOf(insert(research, imageId))).toBe('IMAGE_NOT_AN_ISO');
    expect(await codeOf(remove('deleteImage', 'ImageActionInput', { imageId: discId }))).toBe('IMAGE_IN_USE');
    await insert(research, null);
    for (const inactive of [[], ['--inactive']])
      expect(await system.virsh('domblklist', ...inactive, installedId)).not.toContain(`${path.sep}images${path.sep}`);
    await research.ended(installedId, 'forceOffVm');
    // What an installer does.
    const parts = ['convert', '-n', '-f', 'qcow2', '-O', 'qcow2', path.join(guestImageDir, file)];
    execFileSync('qemu-img', [...parts, diskOf(installedId)]);
    await research.ended(installedId, 'startVm');
    await research.guestReady(installedId);
  });

  it('makes an image of its disk, with the bytes that it holds', async () => {
    const ofVm = 'mutation ($input: ImageOfVmInput!) { createImageFromVm(input: $input) { image { id } } }';
    const input = { idempotencyKey: key(), vmId: installedId, name: 'Copy' };
    expect(await codeOf(research.member.ask(ofVm, { input }))).toBe('VM_BUSY');
    expect(await codeOf(convert(research))).toBe('VM_BUSY');
    await research.ended(installedId, 'forceOffVm');
    const made = await research.member.ask<{ createImageFromVm: { image: { id: string } } }>(ofVm, { input });
    const { id } = made.createImageFromVm.image;
    await imageReady(research, id);
    const query = 'query ($id: ID!) { image(id: $id) { sha256 } }';
    const { image } = await research.member.ask<{ image: { sha256: string } }>(query, { id });
    const copy = path.join(system.layout.diskDir, 'images', `${image.sha256}.qcow2`);
    expect(sha256Of(readFileSync(copy))).toBe(image.sha256);
    // Fails when one byte of the guest's differs.
    execFileSync('qemu-img', ['compare', copy, diskOf(installedId)]);
    await remove('deleteImage', 'ImageActionInput', { imageId: id });
  });

  it('makes a template of it, and VMs of that, each with a disk of its own', async () => {
    const mark = (id: string, command: string): string =>
      execFileSync('qemu-io', ['-c', command, diskOf(id)], { encoding: 'utf8' });
    expect(await codeOf(convert(sales))).toBe('VM_NOT_FOUND');
    mark(installedId, 'write -P 5 900M 1M');
    const { image, template } = (await convert(research)).convertVmToTemplate;
    await imageReady(research, image.id);
    const id = await research.createVm('golden', { imageId: undefined, templateId: template.id });
    await research.reaches(id, 'RUNNING');
    await research.guestReady(id);
    await research.ended(id, 'forceOffVm');
    mark(installedId, 'write -P 6 900M 1M');
    expect(mark(id, 'read -P 5 900M 1M')).not.toContain('failed');
    const used = { imageId: image.id };
    expect(await codeOf(remove('deleteImage', 'ImageActionInput', used))).toBe('IMAGE_IN_USE');
    await research.deleteVm(installedId);
    await research.ended(id, 'startVm');
    await research.guestReady(id);
    await research.deleteVm(id);
    await remove('deleteTemplate', 'DeleteTemplateInput', { templateId: template.id });
    await remove('deleteImage', 'ImageActionInput', used);
    await remove('deleteImage', 'ImageActionInput', { imageId: discId });
  });

  it('leaves nothing of all that', async () => {
    await research.deleteVolume(volumeId);
    expect(filesIn(fast)).toEqual([]);
    await research.deleteVm(vmId);
    await remove('deleteImage', 'ImageActionInput', { imageId });
    const images = (): string[] => readdirSync(path.join(system.layout.diskDir, 'images'));
    await pollUntil(() => Promise.resolve(images().length === 0), {
      timeoutMs: 60_000,
      what: 'the end of the images',
    });
    expect(system.disks()).toEqual([]);
  });
});
