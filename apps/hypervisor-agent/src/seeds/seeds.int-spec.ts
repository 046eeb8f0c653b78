import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  attachVolume,
  defineVm,
  ensureDisk,
  ensureSeed,
  ensureVolume,
  forceOffVm,
  removeDisk,
  startVm,
  undefineVm,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { UEFI_FIRMWARES, disksOf, variablesFileName } from '@infinibay/libvirt-xml';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage } from '../agent.fixture.js';

const MIB = 1_048_576;

describe("seeds on libvirt's test driver", () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  let agent: RunningAgent;
  // The test driver forgets everything when its last connection is closed; a daemon would not.
  let keeper: Connection;

  beforeAll(async () => {
    keeper = await Connection.open('test:///default');
    agent = await RunningAgent.start(settingsIn(folders));
  });
  afterAll(async () => {
    await agent.stop();
    await keeper.close();
    folders.remove();
  });

  const define = async (vmId: string, fence = 1): Promise<void> => {
    const facts = { departmentId: randomUUID(), name: 'guest', vcpus: 1, memoryMib: 64, nics: [], filterName: null };
    await agent.call(defineVm, { fence, spec: { vmId, ...facts } });
  };
  const built = async (): Promise<string> => {
    const vmId = randomUUID();
    await agent.call(ensureDisk, { vmId, fence: 1, imageId: image.imageId, capacityBytes: 2 * MIB });
    await define(vmId);
    return vmId;
  };
  const seedOf = (vmId: string, userData = '#cloud-config\n{}\n') => ({
    vmId,
    fence: 1,
    instanceId: randomUUID(),
    metaData: 'instance-id: "1"\n',
    userData,
    networkConfig: 'version: 2\n',
  });
  const fileOf = (vmId: string): string => join(folders.disks, `seed-${vmId}.iso`);
  const cdroms = async (vmId: string): Promise<string[]> => {
    const xml = await keeper.domains.handle(vmId).xmlDesc({ inactive: true });
    expect(xml).toContain('<readonly/>');
    return disksOf(xml).flatMap(({ file, target }) => (target === 'hda' ? [file ?? ''] : []));
  };

  it('are put into the definition once and written once, for nobody else to read', async () => {
    const vmId = await built();
    const request = seedOf(vmId, '#!/bin/sh\necho "ü"\n');
    expect(await agent.call(ensureSeed, request)).toEqual({ written: true });
    const first = statSync(fileOf(vmId));
    expect(first.mode & 0o777).toBe(0o600);
    expect(readFileSync(fileOf(vmId)).includes('#!/bin/sh\necho "ü"\n')).toBe(true);
    expect(await agent.call(ensureSeed, request)).toEqual({ written: false });
    expect(statSync(fileOf(vmId)).ino).toBe(first.ino);
    expect(await cdroms(vmId)).toEqual([fileOf(vmId)]);
    await define(vmId);
    expect(await agent.call(ensureSeed, request)).toEqual({ written: false });
    expect(await cdroms(vmId)).toEqual([fileOf(vmId)]);
    expect(await agent.call(ensureSeed, seedOf(vmId, '#!/bin/true'))).toEqual({ written: true });
    expect(statSync(fileOf(vmId)).ino).not.toBe(first.ino);
    expect(existsSync(`${fileOf(vmId)}.new`)).toBe(false);
  });

  it('stand beside volumes, and a VM starts with both', async () => {
    const [vmId, volumeId] = [await built(), randomUUID()];
    await agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: 8 * MIB });
    await agent.call(ensureSeed, seedOf(vmId));
    await agent.call(attachVolume, { vmId, fence: 1, volumeId, target: 'vdb' });
    expect(await agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    expect(existsSync(fileOf(vmId))).toBe(true);
    expect(await agent.refusal(ensureSeed, seedOf(vmId))).toBe('VM_BUSY');
  });

  it('go when a VM starts without one, and with the VM', async () => {
    const [vmId, other] = [await built(), await built()];
    await agent.call(ensureSeed, seedOf(vmId));
    await define(vmId);
    expect(existsSync(fileOf(vmId))).toBe(true);
    await agent.call(startVm, { vmId, fence: 1 });
    expect(existsSync(fileOf(vmId))).toBe(false);
    await agent.call(forceOffVm, { vmId, fence: 1 });
    await agent.call(ensureSeed, seedOf(vmId));
    writeFileSync(`${fileOf(vmId)}.new`, 'what a killed agent left');
    expect(await agent.call(undefineVm, { vmId, fence: 1 })).toEqual({ removed: true });
    for (const path of [fileOf(vmId), `${fileOf(vmId)}.new`]) expect(existsSync(path)).toBe(false);
    await agent.call(ensureSeed, seedOf(other));
    // Variables of UEFI stand beside the disk as well, of each firmware that the VM ever had.
    const variables = UEFI_FIRMWARES.map((firmware) => join(folders.disks, variablesFileName(other, firmware)));
    for (const path of variables) writeFileSync(path, 'variables');
    await agent.call(removeDisk, { vmId: other, fence: 1 });
    for (const path of [fileOf(other), ...variables]) expect(existsSync(path)).toBe(false);
  });

  it('are refused to a worker that was replaced, and for a VM without a definition', async () => {
    const vmId = await built();
    await agent.call(ensureSeed, { ...seedOf(vmId), fence: 3 });
    expect(await agent.refusal(ensureSeed, { ...seedOf(vmId), fence: 2 })).toBe('STALE_FENCE');
    const nobody = randomUUID();
    expect(await agent.refusal(ensureSeed, seedOf(nobody))).toBe('VM_NOT_FOUND');
    expect(existsSync(fileOf(nobody))).toBe(false);
  });

  it('are written anew where something else is in their place, and no link is followed', async () => {
    const vmId = await built();
    const request = seedOf(vmId);
    const secret = join(folders.state, 'secret');
    writeFileSync(secret, 'secret');
    symlinkSync(secret, fileOf(vmId));
    expect(await agent.call(ensureSeed, request)).toEqual({ written: true });
    expect(readFileSync(secret, 'utf8')).toBe('secret');
    expect(lstatSync(fileOf(vmId)).isFile()).toBe(true);
    const whole = readFileSync(fileOf(vmId));
    const changes: (() => void)[] = [
      () => writeFileSync(fileOf(vmId), Buffer.concat([whole.subarray(0, -1), Buffer.from('x')])),
      () => truncateSync(fileOf(vmId), 2_048),
      () => chmodSync(fileOf(vmId), 0o644),
    ];
    for (const change of changes) {
      change();
      expect(await agent.call(ensureSeed, request)).toEqual({ written: true });
      expect(readFileSync(fileOf(vmId)).equals(whole)).toBe(true);
      expect(statSync(fileOf(vmId)).mode & 0o777).toBe(0o600);
    }
  });

  it('keep a VM from its start when they are not what was written', async () => {
    const [vmId, other] = [await built(), await built()];
    await agent.call(ensureSeed, seedOf(vmId));
    await agent.call(ensureSeed, seedOf(other));
    const start = { vmId, fence: 1 };
    renameSync(fileOf(vmId), `${fileOf(vmId)}.aside`);
    expect(await agent.refusal(startVm, start)).toBe('SEED_REPLACED');
    symlinkSync(`${fileOf(vmId)}.aside`, fileOf(vmId));
    expect(await agent.refusal(startVm, start)).toBe('SEED_REPLACED');
    rmSync(fileOf(vmId));
    mkdirSync(fileOf(vmId));
    expect(await agent.refusal(startVm, start)).toBe('SEED_REPLACED');
    expect(await agent.refusal(ensureSeed, seedOf(vmId))).toBe('STORAGE_UNAVAILABLE');
    rmSync(fileOf(vmId), { recursive: true });
    renameSync(fileOf(other), fileOf(vmId));
    expect(await agent.refusal(startVm, start)).toBe('SEED_REPLACED');
    renameSync(`${fileOf(vmId)}.aside`, fileOf(vmId));
    truncateSync(fileOf(vmId), statSync(fileOf(vmId)).size - 2_048);
    expect(await agent.refusal(startVm, start)).toBe('SEED_REPLACED');
    expect(await agent.call(ensureSeed, seedOf(vmId))).toEqual({ written: true });
    expect(await agent.call(startVm, start)).toEqual({ power: 'running' });
  });
});
