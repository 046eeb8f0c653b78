// Volumes of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import {
  attachVolume,
  detachVolume,
  ensureVolume,
  forceOffVm,
  growVolume,
  hostVmDeviceAdded,
  hostVmDeviceRemoved,
  inspectVm,
  inspectVolume,
  removeVolume,
  startVm,
  volumeSerial,
} from '@infinibay/contracts';
import { Connection, type Domain } from '@infinibay/libvirt';
import { disksOf, volumeDiskXml } from '@infinibay/libvirt-xml';
import { holdsFor, pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 180_000, intervalMs: 500 };
const MIB = 1_048_576;
/** Alt, SysRq, 8: Linux tells all on its console from then on. */
const TELL_ALL = [56, 99, 9];

suite('a volume', () => {
  let sut: QemuAgent;
  let libvirt: Connection;
  /** Linux, which takes and gives back devices. */
  let vmId: string;
  beforeAll(async () => {
    sut = await QemuAgent.start({ linux: true, hasConsole: true });
    libvirt = await Connection.open(sut.uri);
    vmId = await sut.startVm({ memoryMib: 192 });
    await sut.speaks(vmId);
    await domainOf(vmId).guest.sendKey(TELL_ALL);
  }, 300_000);
  afterAll(async () => {
    await libvirt.close();
    await sut.stop();
  }, 120_000);

  const domainOf = (id: string): Domain => libvirt.domains.handle(id);
  const fileOf = (volumeId: string): string => path.join(sut.state.diskDir, `volume-${volumeId}.qcow2`);
  const made = async (capacityBytes = 16 * MIB): Promise<string> => {
    const volumeId = randomUUID();
    await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes });
    return volumeId;
  };
  const at = (volumeId: string, target = 'vdb', id = vmId) => ({ vmId: id, fence: 1, volumeId, target });
  const targetsOf = async (id: string, inactive: boolean): Promise<string[]> =>
    disksOf(await domainOf(id).xmlDesc({ inactive })).map(({ target }) => target);
  const detached = (place: ReturnType<typeof at>): Promise<unknown> =>
    pollUntil(async () => (await sut.agent.call(detachVolume, place)).isDetached, {
      ...PATIENCE,
      what: 'the guest to let go',
    });
  const written = (line: RegExp): Promise<unknown> =>
    pollUntil(() => line.test(sut.console(vmId)), { ...PATIENCE, what: `${String(line)} on the console` });

  it('is made once, says which it is, and is sound for QEMU', async () => {
    const volumeId = await made();
    const request = { volumeId, fence: 1, capacityBytes: 32 * MIB };
    expect(await sut.agent.call(ensureVolume, request)).toEqual({ created: false, capacityBytes: 16 * MIB });
    execFileSync('qemu-img', ['check', '-q', fileOf(volumeId)]);
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 5M', fileOf(volumeId)]);
    execFileSync('qemu-img', ['check', '-q', fileOf(volumeId)]);
    const looked = await sut.agent.call(inspectVolume, { volumeId });
    expect(looked).toMatchObject({ status: 'SOUND', capacityBytes: 16 * MIB, problem: null });
    expect(looked.allocationBytes).toBeGreaterThan(5 * MIB);
    renameSync(fileOf(volumeId), `${fileOf(volumeId)}.aside`);
    expect(await sut.agent.refusal(ensureVolume, request)).toBe('VOLUME_MISSING');
    const other = await made();
    copyFileSync(fileOf(other), fileOf(volumeId));
    expect(await sut.agent.refusal(ensureVolume, request)).toBe('VOLUME_REPLACED');
    // Not this volume's: it is left alone.
    expect(await sut.agent.call(removeVolume, { volumeId, fence: 1 })).toEqual({ removed: false });
    expect(existsSync(fileOf(volumeId))).toBe(true);
    expect(await sut.agent.call(removeVolume, { volumeId: other, fence: 1 })).toEqual({ removed: true });
    expect(existsSync(fileOf(other))).toBe(false);
    expect(await sut.agent.refusal(ensureVolume, { ...request, fence: 0 })).toBe('STALE_FENCE');
  }, 120_000);

  it('is plugged into a running guest once, grows under it, and is given back by it', async () => {
    const volumeId = await made();
    for (const _ of [1, 2]) expect(await sut.agent.call(attachVolume, at(volumeId))).toEqual({ isLive: true });
    for (const inactive of [true, false]) expect(await targetsOf(vmId, inactive)).toEqual(['vda', 'vdb']);
    expect(await domainOf(vmId).xmlDesc()).toContain(`<serial>${volumeSerial(volumeId)}</serial>`);
    await sut.agent.events.find(hostVmDeviceAdded, { vmId, alias: 'virtio-disk1' });
    // In the guest's own words: 512-byte blocks.
    await written(/\[vdb\] 32768 512-byte logical blocks/);

    const grow = { volumeId, fence: 1, capacityBytes: 48 * MIB, vmId };
    for (const _ of [1, 2])
      expect(await sut.agent.call(growVolume, grow)).toEqual({ capacityBytes: 48 * MIB, isOnline: true });
    expect((await domainOf(vmId).disk('vdb').info()).capacityBytes).toBe(48 * MIB);
    await written(/\[vdb\] new size: 98304 512-byte logical blocks/);
    expect(await sut.agent.call(growVolume, { ...grow, capacityBytes: MIB })).toMatchObject({
      capacityBytes: 48 * MIB,
    });

    await detached(at(volumeId));
    await sut.agent.events.find(hostVmDeviceRemoved, { vmId, alias: 'virtio-disk1' });
    for (const inactive of [true, false]) expect(await targetsOf(vmId, inactive)).toEqual(['vda']);
    expect(await sut.agent.call(detachVolume, at(volumeId))).toEqual({ isDetached: true });
    execFileSync('qemu-img', ['check', '-q', fileOf(volumeId)]);
    expect((await sut.agent.call(inspectVm, { vmId })).domain?.power).toBe('running');

    await sut.agent.call(attachVolume, at(volumeId, 'vdc'));
    await written(/\[vdb\] 98304 512-byte logical blocks/);
    await detached(at(volumeId, 'vdc'));
  }, 400_000);

  it('is attached and detached to the end by an agent whose forerunner died in between', async () => {
    const volumeId = await made();
    const disk = volumeDiskXml(volumeId, fileOf(volumeId), 'vdb');
    await domainOf(vmId).attachDevice(disk, { live: true });
    expect(await targetsOf(vmId, true)).toEqual(['vda']);
    await sut.restartAgent();
    expect(await sut.agent.call(attachVolume, at(volumeId))).toEqual({ isLive: true });
    for (const inactive of [true, false]) expect(await targetsOf(vmId, inactive)).toEqual(['vda', 'vdb']);
    await domainOf(vmId).detachDevice(disk, { live: true });
    await pollUntil(async () => (await targetsOf(vmId, false)).length === 1, {
      ...PATIENCE,
      what: 'the guest to let go',
    });
    await sut.restartAgent();
    expect(await sut.agent.call(detachVolume, at(volumeId))).toEqual({ isDetached: true });
    expect(await targetsOf(vmId, true)).toEqual(['vda']);
  }, 300_000);

  it('grows while nobody has it, and not by its file while a guest does', async () => {
    const volumeId = await made();
    const grow = { volumeId, fence: 1, capacityBytes: 32 * MIB, vmId: null };
    expect(await sut.agent.call(growVolume, grow)).toEqual({ capacityBytes: 32 * MIB, isOnline: false });
    await sut.agent.call(attachVolume, at(volumeId));
    // Who asks does not know that it is attached: QEMU's lock does.
    expect(await sut.agent.refusal(growVolume, { ...grow, capacityBytes: 64 * MIB })).toBe('HYPERVISOR_ERROR');
    await detached(at(volumeId));
    execFileSync('qemu-img', ['check', '-q', fileOf(volumeId)]);
  }, 300_000);

  it('is there from the start of a guest that was off, and stays with one that does not let go', async () => {
    const off = await sut.defineVm();
    const volumeId = await made();
    const place = at(volumeId, 'vdb', off);
    expect(await sut.agent.call(attachVolume, place)).toEqual({ isLive: false });
    expect(await targetsOf(off, true)).toEqual(['vda', 'vdb']);
    renameSync(fileOf(volumeId), `${fileOf(volumeId)}.aside`);
    expect(await sut.agent.refusal(startVm, { vmId: off, fence: 1 })).toBe('VOLUME_MISSING');
    renameSync(`${fileOf(volumeId)}.aside`, fileOf(volumeId));
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    expect(await sut.agent.call(startVm, { vmId: off, fence: 1 })).toEqual({ power: 'running' });
    // One that stands still hears of nothing.
    await domainOf(off).suspend();
    const isKept = async () => !(await sut.agent.call(detachVolume, place)).isDetached;
    await holdsFor(3_000, isKept, 'the guest keeps it');
    for (const inactive of [true, false]) expect(await targetsOf(off, inactive)).toEqual(['vda', 'vdb']);
    await sut.agent.call(forceOffVm, { vmId: off, fence: 1 });
    expect(await sut.agent.call(detachVolume, place)).toEqual({ isDetached: true });
    expect(await targetsOf(off, true)).toEqual(['vda']);
    expect(await sut.agent.call(startVm, { vmId: off, fence: 1 })).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, { vmId: off, fence: 1 });
  }, 300_000);
});

suite('a pool without space', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start({ diskSpace: '1m' });
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  it('refuses a volume with a code of its own, and nothing of it is left', async () => {
    const refused: string[] = [];
    for (let made = 0; made < 500 && refused.length === 0; made += 1) {
      const volumeId = randomUUID();
      const request = { volumeId, fence: 1, capacityBytes: 1_024 * MIB };
      await sut.agent.call(ensureVolume, request).catch(() => refused.push(volumeId));
    }
    const [volumeId = ''] = refused;
    const request = { volumeId, fence: 2, capacityBytes: 1_024 * MIB };
    expect(await sut.agent.refusal(ensureVolume, request)).toBe('POOL_FULL');
    expect(readdirSync(sut.state.diskDir).filter((name) => name.includes(volumeId))).toEqual([]);
    expect(await sut.agent.call(removeVolume, { volumeId, fence: 3 })).toEqual({ removed: false });
  }, 120_000);
});
