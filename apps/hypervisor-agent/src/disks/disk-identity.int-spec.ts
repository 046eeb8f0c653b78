import { randomUUID } from 'node:crypto';
import {
  existsSync,
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
  defineVm,
  ensureDisk,
  forceOffVm,
  inspectDisk,
  removeDisk,
  resumeVm,
  startVm,
  undefineVm,
} from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { variablesFileName } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningAgent, agentFolders, settingsIn, writeImage } from '../agent.fixture.js';
import { STORAGE_MARK } from './storage-mark.js';

const MIB = 1_048_576;

describe('the disk of a VM', () => {
  const folders = agentFolders();
  const image = writeImage(folders.images, Buffer.alloc(MIB));
  const environment = settingsIn(folders);
  let agent: RunningAgent;
  let keeper: Connection;

  beforeAll(async () => {
    keeper = await Connection.open('test:///default');
    agent = await RunningAgent.start(environment);
  });
  afterAll(async () => {
    await agent.stop();
    await keeper.close();
    folders.remove();
  });

  const fileOf = (vmId: string): string => join(folders.disks, `vm-${vmId}.qcow2`);
  const aside = (vmId: string): string => join(folders.state, `${vmId}.aside`);
  const ensure = (vmId: string) => ({ vmId, fence: 1, imageId: image.imageId, capacityBytes: 2 * MIB });
  const build = async (): Promise<string> => {
    const vmId = randomUUID();
    await agent.call(ensureDisk, ensure(vmId));
    const spec = { vmId, departmentId: randomUUID(), name: 'x', vcpus: 1, memoryMib: 64, nics: [], filterName: null };
    await agent.call(defineVm, { fence: 1, spec });
    return vmId;
  };
  const looked = async (vmId: string) => {
    const { status, problem } = await agent.call(inspectDisk, { vmId });
    return problem?.code ?? status;
  };
  /** The disk is refused everywhere, nothing is made in its place, and it is told of unasked. */
  const isRefused = async (vmId: string, code: string): Promise<void> => {
    const before = existsSync(fileOf(vmId));
    expect(await looked(vmId)).toBe(code);
    expect(await agent.refusal(startVm, { vmId, fence: 1 })).toBe(code);
    expect(await agent.refusal(ensureDisk, ensure(vmId))).toBe(code);
    expect(existsSync(fileOf(vmId))).toBe(before);
    await pollUntil(() => agent.diskProblems(vmId) === code, { timeoutMs: 30_000, what: `the report of ${code}` });
  };
  const isSound = async (vmId: string): Promise<void> => {
    expect(await looked(vmId)).toBe('SOUND');
    expect(await agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await agent.call(forceOffVm, { vmId, fence: 1 });
    await pollUntil(() => agent.diskProblems(vmId) === undefined, { timeoutMs: 30_000, what: 'no more report' });
  };

  it('is refused when its file was moved away, and is fine when it is back', async () => {
    const vmId = await build();
    renameSync(fileOf(vmId), aside(vmId));
    await isRefused(vmId, 'DISK_MISSING');
    renameSync(aside(vmId), fileOf(vmId));
    await isSound(vmId);
  });

  it('is not started beside a link in the place of variables of UEFI, which QEMU would write through', async () => {
    const vmId = await build();
    const variables = join(folders.disks, variablesFileName(vmId, 'UEFI'));
    symlinkSync('/nowhere', variables);
    expect(await agent.refusal(startVm, { vmId, fence: 1 })).toBe('DISK_REPLACED');
    rmSync(variables);
    writeFileSync(variables, 'variables');
    await isSound(vmId);
  });

  it('is not made again by an agent that was restarted', async () => {
    const vmId = await build();
    rmSync(fileOf(vmId));
    await agent.stop();
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    expect(await agent.refusal(ensureDisk, ensure(vmId))).toBe('DISK_MISSING');
    expect(existsSync(fileOf(vmId))).toBe(false);
  });

  it('is told from other files in its place', async () => {
    const vmId = await build();
    const original = readFileSync(fileOf(vmId));
    const found: [string, string, () => void][] = [
      ['a file that is cut to nothing', 'DISK_DAMAGED', () => truncateSync(fileOf(vmId), 0)],
      ['a disk without its tables', 'DISK_DAMAGED', () => truncateSync(fileOf(vmId), 70_000)],
      ['a disk without its end', 'DISK_DAMAGED', () => truncateSync(fileOf(vmId), 3 * 65_536)],
      ['zeros', 'DISK_DAMAGED', () => writeFileSync(fileOf(vmId), Buffer.alloc(original.length))],
      ['a folder', 'DISK_REPLACED', () => mkdirSync(fileOf(vmId))],
      ['a link to the disk itself', 'DISK_REPLACED', () => symlinkSync(aside(vmId), fileOf(vmId))],
      ['a dangling link', 'DISK_REPLACED', () => symlinkSync('/nowhere', fileOf(vmId))],
      [
        'a disk that names nobody',
        'DISK_REPLACED',
        () => {
          const bytes = Buffer.from(original);
          bytes.write('XXXX', bytes.indexOf('INFY'), 'latin1');
          writeFileSync(fileOf(vmId), bytes);
        },
      ],
      [
        'a disk that is based on another file of the host',
        'DISK_REPLACED',
        () => {
          const bytes = Buffer.from(original);
          bytes.write('/etc/shadow'.padEnd(12, '/'), Number(bytes.readBigUInt64BE(8)), 'latin1');
          writeFileSync(fileOf(vmId), bytes);
        },
      ],
    ];
    for (const [what, code, put] of found) {
      writeFileSync(aside(vmId), original);
      if (what.includes('disk without')) writeFileSync(fileOf(vmId), original);
      else rmSync(fileOf(vmId), { recursive: true, force: true });
      if (what.includes('cut')) writeFileSync(fileOf(vmId), original);
      put();
      expect([what, await looked(vmId)]).toEqual([what, code]);
      await isRefused(vmId, code);
      rmSync(fileOf(vmId), { recursive: true, force: true });
      writeFileSync(fileOf(vmId), original);
    }
    await isSound(vmId);
  });

  it("is not confused with another VM's, and deleting the one keeps the other's data", async () => {
    const [a, b] = [await build(), await build()];
    const swap = (): void => {
      renameSync(fileOf(a), aside(a));
      renameSync(fileOf(b), fileOf(a));
      renameSync(aside(a), fileOf(b));
    };
    const dataOfB = readFileSync(fileOf(b));
    swap();
    await isRefused(a, 'DISK_REPLACED');
    await isRefused(b, 'DISK_REPLACED');
    await agent.call(undefineVm, { vmId: a, fence: 2 });
    expect(await agent.call(removeDisk, { vmId: a, fence: 2 })).toEqual({ removed: false });
    expect(readFileSync(fileOf(a)).equals(dataOfB)).toBe(true);
    renameSync(fileOf(a), fileOf(b));
    await isSound(b);
  });

  it('is refused while its image is missing or another one', async () => {
    const vmId = await build();
    const content = readFileSync(image.path);
    renameSync(image.path, aside(vmId));
    await isRefused(vmId, 'IMAGE_MISSING');
    writeFileSync(image.path, Buffer.alloc(MIB, 1));
    await isRefused(vmId, 'IMAGE_REPLACED');
    writeFileSync(image.path, content);
    await isSound(vmId);
  });

  it('is checked against the definition too: a domain on another file is not started', async () => {
    const [vmId, other] = [await build(), await build()];
    const xml = await keeper.domains.handle(vmId).xmlDesc();
    await keeper.domains.defineXml(xml.replace(fileOf(vmId), fileOf(other)));
    expect(await agent.refusal(startVm, { vmId, fence: 1 })).toBe('DISK_REPLACED');
  });

  it('that a killed agent left half made is made anew, and one that was made is kept', async () => {
    const vmId = randomUUID();
    writeFileSync(`${fileOf(vmId)}.new`, 'half');
    expect(await agent.call(ensureDisk, ensure(vmId))).toEqual({ created: true });
    const ino = statSync(fileOf(vmId)).ino;
    // Killed after the file was made and before that was remembered.
    await agent.stop();
    rmSync(join(folders.state, 'disks', vmId));
    agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
    expect(await agent.call(ensureDisk, ensure(vmId))).toEqual({ created: false });
    expect(statSync(fileOf(vmId)).ino).toBe(ino);
  });

  it('is resumed from a pause by hand', async () => {
    const vmId = await build();
    await agent.call(startVm, { vmId, fence: 1 });
    await keeper.domains.handle(vmId).suspend();
    expect(await agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'paused' });
    for (const _ of [1, 2]) expect(await agent.call(resumeVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await agent.call(forceOffVm, { vmId, fence: 1 });
    expect(await agent.refusal(resumeVm, { vmId, fence: 1 })).toBe('VM_BUSY');
  });

  describe('on a storage that is away', () => {
    const away = `${folders.disks}.away`;
    const unmount = (): void => {
      renameSync(folders.disks, away);
      mkdirSync(folders.disks);
    };
    const mount = (): void => {
      rmSync(folders.disks, { recursive: true, force: true });
      renameSync(away, folders.disks);
    };
    afterEach(() => (existsSync(away) ? mount() : undefined));

    it('is refused as such, nothing is made on the empty folder, not even after a restart, and it comes back', async () => {
      const [vmId, fresh] = [await build(), randomUUID()];
      unmount();
      await isRefused(vmId, 'STORAGE_UNAVAILABLE');
      await agent.stop();
      agent = await RunningAgent.start({ ...environment, HOST_ID: agent.hostId });
      expect(await looked(vmId)).toBe('STORAGE_UNAVAILABLE');
      expect(await agent.refusal(ensureDisk, ensure(fresh))).toBe('STORAGE_UNAVAILABLE');
      rmSync(folders.disks, { recursive: true });
      expect(await agent.refusal(ensureDisk, ensure(fresh))).toBe('STORAGE_UNAVAILABLE');
      expect(existsSync(folders.disks)).toBe(false);
      mount();
      const spec = { vmId, departmentId: randomUUID(), name: 'x', vcpus: 1, memoryMib: 64, nics: [], filterName: null };
      await agent.call(defineVm, { fence: 1, spec });
      await isSound(vmId);
    });

    it('is not confused with another storage', async () => {
      const vmId = await build();
      unmount();
      writeFileSync(join(folders.disks, STORAGE_MARK), randomUUID());
      await isRefused(vmId, 'STORAGE_UNAVAILABLE');
      mount();
      await isSound(vmId);
    });

    it('is removed when the storage is back, if that was asked for meanwhile', async () => {
      const vmId = await build();
      await agent.call(undefineVm, { vmId, fence: 1 });
      unmount();
      expect(await agent.call(removeDisk, { vmId, fence: 1 })).toEqual({ removed: false });
      mount();
      expect(existsSync(fileOf(vmId))).toBe(true);
      await pollUntil(() => !existsSync(fileOf(vmId)), { timeoutMs: 30_000, what: 'the late removal' });
    });
  });
});
