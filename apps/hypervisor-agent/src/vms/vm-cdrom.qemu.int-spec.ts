import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  PLAIN_HARDWARE,
  createSnapshot,
  ensureEmptyDisk,
  ensureSeed,
  forceOffVm,
  inspectDisk,
  removeDisk,
  removeImage,
  setCdrom,
} from '@infinibay/contracts';
import { disksOf } from '@infinibay/libvirt-xml';
import { findTestHypervisor, pollUntil, type TestHypervisor } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeImage, type TestImage } from '../agent.fixture.js';
import { FilteredGuest } from '../filters/filtered-guest.fixture.js';

const hypervisor = findTestHypervisor();
const TIMEOUT_MS = 300_000;
const MIB = 1_048_576;

/** Machines without QEMU run the other specs only; the test runner says so. */
const onQemu = (facts: (at: TestHypervisor) => void): void => {
  if (hypervisor !== undefined) describe('the CD-ROM of a real guest', () => facts(hypervisor));
  else it('needs QEMU and libvirtd, which this machine lacks', () => expect(hypervisor).toBeUndefined());
};

onQemu((at) => {
  let guest: FilteredGuest;
  let first: TestImage;
  let second: TestImage;
  beforeAll(async () => {
    guest = await FilteredGuest.start(at);
    [first, second] = [disc('a'), disc('b')];
  }, TIMEOUT_MS);
  afterAll(() => guest.stop(), TIMEOUT_MS);

  const disc = (content: string): TestImage => writeImage(guest.folders.images, Buffer.alloc(MIB, content));
  const ask = (imageId: string | null) => guest.agent.call(setCdrom, { vmId: guest.vmId, fence: 1, imageId });
  /** As it is asked for: again while the guest holds its tray, which its firmware closes when it resets the drives. */
  const put = (imageId: string | null) =>
    pollUntil(
      async () => {
        const answer = await ask(imageId);
        return answer.status === 'HELD' ? undefined : answer;
      },
      { what: 'a guest that lets go of its tray', timeoutMs: 30_000, intervalMs: 500 },
    );
  const off = () => guest.agent.call(forceOffVm, { vmId: guest.vmId, fence: 1 });
  /** Files by the names of their drives; null: an empty one. By virsh. */
  const drives = async (...inactive: string[]): Promise<Record<string, string | null>> => {
    const { stdout } = await guest.virsh('dumpxml', `vm-${guest.vmId}`, ...inactive);
    return Object.fromEntries(
      disksOf(stdout)
        .filter(({ target }) => target !== 'vda')
        .map(({ target, file = null }) => [target, file]),
    );
  };

  /** Of the process that the guest is. */
  const commandLine = (): Promise<string> =>
    guest.shell(
      `for file in /proc/[0-9]*/cmdline; do if grep -qa "guest=vm-${guest.vmId}" "$file"; then cat "$file"; fi; done`,
    );

  it('is the one that is booted from beside a seed, and is changed and taken out while it runs', async () => {
    const { agent, vmId } = guest;
    const seed = { instanceId: randomUUID(), metaData: '{}\n', userData: '#cloud-config\n{}\n', networkConfig: '{}\n' };
    await guest.remake({ ...PLAIN_HARDWARE, bootOrder: ['DISK', 'CDROM'] });
    for (const _ of [1, 2]) expect(await put(first.imageId)).toEqual({ status: 'OFF' });
    await agent.call(ensureSeed, { vmId, fence: 1, ...seed });
    await guest.boot();
    const { hda, hdc } = await drives();
    expect([hda, hdc]).toEqual([first.path, expect.stringContaining(`seed-${vmId}`)]);
    const qemu = await commandLine();
    expect(qemu).toMatch(/ide0-0-0"?,"?bootindex/);
    expect(qemu).not.toMatch(/ide0-1-0"?,"?bootindex/);
    for (const _ of [1, 2]) expect(await put(second.imageId)).toEqual({ status: 'LIVE' });
    for (const found of [await drives(), await drives('--inactive')]) expect(found).toEqual({ hda: second.path, hdc });
    for (const _ of [1, 2]) expect(await put(null)).toEqual({ status: 'LIVE' });
    expect(await drives()).toEqual({ hda: null, hdc });
    // An empty drive takes another one.
    expect(await put(first.imageId)).toEqual({ status: 'LIVE' });
    expect(await drives()).toEqual({ hda: first.path, hdc });
    await off();
  }, 240_000);

  it('comes back into the drive of a guest that has ejected it, and another one or none does as well', async () => {
    const { vmId } = guest;
    await guest.remake(PLAIN_HARDWARE);
    await put(first.imageId);
    await guest.boot();
    // What starts it resets its drives, which closes them: it stands still from here on.
    await guest.virsh('suspend', `vm-${vmId}`);
    const told = async (command: object): Promise<string> =>
      (await guest.virsh('qemu-monitor-command', `vm-${vmId}`, JSON.stringify(command))).stdout;
    const drive = async () => {
      const { return: all } = JSON.parse(await told({ execute: 'query-block' })) as {
        return: { qdev: string; tray_open?: boolean; inserted?: { image: { filename: string } } }[];
      };
      const found = all.find(({ qdev }) => qdev === 'ide0-0-0');
      return { isOpen: found?.tray_open, file: found?.inserted?.image.filename };
    };
    // As QEMU does when the guest asks for it: the tray opens, with the medium in it.
    const eject = () => told({ execute: 'blockdev-open-tray', arguments: { id: 'ide0-0-0', force: true } });
    for (const { imageId, path } of [first, second]) {
      await eject();
      expect(await drive()).toMatchObject({ isOpen: true });
      expect(await ask(imageId)).toEqual({ status: 'LIVE' });
      expect(await drive()).toEqual({ isOpen: false, file: path });
    }
    await eject();
    expect(await ask(null)).toEqual({ status: 'LIVE' });
    expect((await drive()).file).toBeUndefined();
    expect(await drives()).toEqual({ hda: null });
    await off();
    await put(null);
  }, 240_000);

  it('waits for the next start of a guest that has no drive', async () => {
    await guest.remake({ ...PLAIN_HARDWARE, machine: 'Q35' });
    await guest.boot();
    expect(await put(first.imageId)).toEqual({ status: 'NEXT_START' });
    expect(await drives()).toEqual({});
    await off();
    await guest.boot();
    expect(await drives()).toEqual({ sda: first.path });
    await off();
    await guest.remake(PLAIN_HARDWARE);
    expect(await drives('--inactive')).toEqual({});
  }, 240_000);

  it('is no image that there is not, and none that was changed since', async () => {
    const { agent, vmId } = guest;
    const asked = { vmId, fence: 1, imageId: randomUUID() };
    expect(await agent.refusal(setCdrom, asked)).toBe('IMAGE_NOT_FOUND');
    const changed = disc('c');
    await put(changed.imageId);
    writeFileSync(changed.path, Buffer.alloc(MIB, 'd'));
    await expect(guest.boot()).rejects.toMatchObject({ code: 'DISK_REPLACED' });
    expect(await put(null)).toEqual({ status: 'OFF' });
    await guest.boot();
    await off();
  }, 240_000);

  it('is no disk of a snapshot, and an image that is a disk of the guest is not taken for it', async () => {
    const { agent, vmId } = guest;
    const snapshot = () => ({ vmId, fence: 1, snapshotId: randomUUID(), volumeIds: [], withMemory: false });
    await guest.remake(PLAIN_HARDWARE);
    await put(first.imageId);
    const asked = snapshot();
    await pollUntil(async () => (await agent.call(createSnapshot, asked)).isComplete, {
      what: 'a snapshot of a VM that is off',
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    // It would be written to, and with it all that reads from it.
    await guest.virsh('attach-disk', `vm-${vmId}`, second.path, 'vdz', '--config', '--subdriver', 'raw');
    expect(await agent.refusal(createSnapshot, snapshot())).toBe('SNAPSHOT_DISKS_DIFFER');
    await put(null);
    await guest.remake(PLAIN_HARDWARE);
  }, 240_000);

  it('is not removed from its host while a guest has it, but with another image that is kept in the same file', async () => {
    const { agent } = guest;
    const library = join(at.diskDir, 'images');
    mkdirSync(library, { recursive: true });
    const content = Buffer.alloc(MIB, 'f');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = join(library, `${sha256}.img`);
    writeFileSync(path, content);
    const [one, other] = [1, 2].map(() => writeImage(library, content, { file: `${sha256}.img` }).imageId);
    const removal = (imageId = '', fence = 1) => ({ imageId, fence, sha256, format: 'raw' as const });
    await guest.remake(PLAIN_HARDWARE);
    await put(one ?? '');
    await guest.boot();
    expect(await agent.call(removeImage, removal(one))).toEqual({ removed: true });
    expect(await agent.refusal(removeImage, removal(other))).toBe('IMAGE_IN_USE');
    expect(existsSync(path)).toBe(true);
    expect(await put(null)).toEqual({ status: 'LIVE' });
    expect(await agent.call(removeImage, removal(other))).toEqual({ removed: true });
    expect(existsSync(path)).toBe(false);
    await off();
  }, 240_000);

  it('is what a disk is installed from that holds nothing, and needs it no more', async () => {
    const { agent } = guest;
    const [vmId, from] = [randomUUID(), disc('e')];
    const asked = { vmId, fence: 1, imageId: from.imageId, capacityBytes: 64 * MIB };
    expect(await agent.refusal(ensureEmptyDisk, { ...asked, imageId: randomUUID() })).toBe('IMAGE_NOT_FOUND');
    for (const created of [true, false]) expect(await agent.call(ensureEmptyDisk, asked)).toEqual({ created });
    writeFileSync(from.path, 'something else');
    const found = await agent.call(inspectDisk, { vmId });
    expect(found).toEqual({ status: 'SOUND', capacityBytes: 64 * MIB, problem: null });
    const { stdout } = await promisify(execFile)('qemu-img', ['info', '-U', join(at.diskDir, `vm-${vmId}.qcow2`)]);
    expect(stdout).toContain('virtual size: 64 MiB');
    expect(stdout).not.toContain('backing file');
    await agent.call(removeDisk, { vmId, fence: 1 });
  }, 120_000);
});
