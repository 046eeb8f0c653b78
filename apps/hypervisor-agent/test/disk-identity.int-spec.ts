// Disks of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import {
  ensureDisk,
  forceOffVm,
  inspectDisk,
  inspectVm,
  removeDisk,
  resumeVm,
  startVm,
  undefineVm,
} from '@infinibay/contracts';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu, resizeTmpfs } from './qemu-agent.ts';
import { writingGuest } from './writing-guest.ts';

const suite = hasQemu ? describe : describe.skip;
const PATIENCE = { timeoutMs: 60_000 };
const MIB = 1_048_576;

suite('the disk of a guest', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start();
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  const fileOf = (vmId: string): string => path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
  const looked = async (vmId: string): Promise<string> => {
    const { status, problem } = await sut.agent.call(inspectDisk, { vmId });
    return problem?.code ?? status;
  };
  const reported = (vmId: string, code: string | undefined): Promise<unknown> =>
    pollUntil(() => sut.agent.diskProblems(vmId) === code, { ...PATIENCE, what: `the report of ${code ?? 'nothing'}` });
  const powerOf = async (vmId: string) => (await sut.agent.call(inspectVm, { vmId })).domain?.power;
  const answers = (vmId: string): Promise<unknown> =>
    pollUntil(
      () =>
        powerOf(vmId).then(
          (power) => power === 'off',
          () => false,
        ),
      { ...PATIENCE, what: 'libvirt' },
    );

  it('is a sound image for QEMU, and keeps saying whose it is when QEMU writes its header anew', async () => {
    const vmId = await sut.defineVm();
    const file = fileOf(vmId);
    const check = () => execFileSync('qemu-img', ['check', '-q', file]);
    check();
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 5M', file]);
    execFileSync('qemu-img', ['bitmap', '--add', '-f', 'qcow2', file, 'b0']);
    execFileSync('qemu-img', ['resize', '-q', '-f', 'qcow2', file, '16M']);
    check();
    expect(await sut.agent.call(inspectDisk, { vmId })).toMatchObject({ status: 'SOUND', capacityBytes: 16 * MIB });
    expect(await sut.agent.call(startVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    expect(await looked(vmId)).toBe('SOUND');
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    check();
    expect(await looked(vmId)).toBe('SOUND');
  }, 120_000);

  it('is damaged when what a guest wrote is cut off', async () => {
    const vmId = await sut.defineVm();
    execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 0 6M', fileOf(vmId)]);
    expect(await looked(vmId)).toBe('SOUND');
    truncateSync(fileOf(vmId), statSync(fileOf(vmId)).size - 3 * MIB);
    expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('DISK_DAMAGED');
    await reported(vmId, 'DISK_DAMAGED');
  }, 120_000);

  it('that is moved away under a running guest is told of, and so is its return', async () => {
    const vmId = await sut.startVm();
    const aside = `${fileOf(vmId)}.aside`;
    renameSync(fileOf(vmId), aside);
    await reported(vmId, 'DISK_MISSING');
    expect(await powerOf(vmId)).toBe('running');
    renameSync(aside, fileOf(vmId));
    await reported(vmId, undefined);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
  }, 120_000);

  it("is not exchanged for another running guest's", async () => {
    const [a, b] = [await sut.startVm(), await sut.startVm()];
    renameSync(fileOf(a), `${fileOf(a)}.aside`);
    renameSync(fileOf(b), fileOf(a));
    renameSync(`${fileOf(a)}.aside`, fileOf(b));
    for (const vmId of [a, b]) await reported(vmId, 'DISK_REPLACED');
    for (const vmId of [a, b]) await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    for (const vmId of [a, b]) expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('DISK_REPLACED');
    const inode = statSync(fileOf(a)).ino;
    await sut.agent.call(undefineVm, { vmId: a, fence: 1 });
    expect(await sut.agent.call(removeDisk, { vmId: a, fence: 1 })).toEqual({ removed: false });
    expect(statSync(fileOf(a)).ino).toBe(inode);
    renameSync(fileOf(a), fileOf(b));
    expect(await sut.agent.call(startVm, { vmId: b, fence: 1 })).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, { vmId: b, fence: 1 });
  }, 120_000);

  it('is not made anew after a reboot with an empty folder', async () => {
    const vmId = await sut.startVm();
    const away = `${sut.state.diskDir}.away`;
    renameSync(sut.state.diskDir, away);
    execFileSync('mkdir', [sut.state.diskDir]);
    sut.signalVm(vmId, 'SIGKILL');
    sut.signalDaemon('SIGKILL');
    await answers(vmId);
    const ensure = { vmId, fence: 2, imageId: sut.imageId, capacityBytes: 8 * MIB };
    expect(await sut.agent.refusal(ensureDisk, ensure)).toBe('STORAGE_UNAVAILABLE');
    expect(await sut.agent.refusal(startVm, { vmId, fence: 2 })).toBe('STORAGE_UNAVAILABLE');
    await reported(vmId, 'STORAGE_UNAVAILABLE');
    expect(readdirSync(sut.state.diskDir)).toEqual([]);
    execFileSync('rmdir', [sut.state.diskDir]);
    renameSync(away, sut.state.diskDir);
    await reported(vmId, undefined);
    expect(await sut.agent.call(startVm, { vmId, fence: 2 })).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, { vmId, fence: 2 });
  }, 180_000);

  it('is not made on another file system that lies over its storage', async () => {
    const vmId = await sut.defineVm();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', sut.state.diskDir]);
    try {
      expect(await looked(vmId)).toBe('STORAGE_UNAVAILABLE');
      expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('STORAGE_UNAVAILABLE');
      expect(existsSync(fileOf(vmId))).toBe(false);
    } finally {
      execFileSync('umount', [sut.state.diskDir]);
    }
    expect(await looked(vmId)).toBe('SOUND');
  }, 120_000);

  it('does not keep a guest that was suspended by hand from running on', async () => {
    const vmId = await sut.startVm();
    execFileSync('virsh', ['-q', '-c', sut.uri, 'suspend', vmId]);
    expect((await sut.agent.call(inspectVm, { vmId })).domain).toEqual({ power: 'paused', reason: 'user' });
    expect(await sut.agent.call(resumeVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
  }, 120_000);
});

suite('a guest whose storage is full', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start({ disk: writingGuest(), diskSpace: '4m' });
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  it('is paused with the reason, stays paused while there is no space, and runs on when there is', async () => {
    const vmId = await sut.startVm();
    const domain = async () => (await sut.agent.call(inspectVm, { vmId })).domain;
    const paused = () =>
      pollUntil(async () => ((await domain())?.power === 'paused' ? domain() : null), {
        timeoutMs: 120_000,
        what: 'the pause',
      });
    expect(await paused()).toEqual({ power: 'paused', reason: 'io-error' });
    expect((await sut.agent.call(inspectDisk, { vmId })).status).toBe('SOUND');
    await sut.agent.call(resumeVm, { vmId, fence: 1 });
    expect(await paused()).toEqual({ power: 'paused', reason: 'io-error' });
    resizeTmpfs(sut.state.diskDir, '64m');
    expect(await sut.agent.call(resumeVm, { vmId, fence: 1 })).toEqual({ power: 'running' });
    const file = path.join(sut.state.diskDir, `vm-${vmId}.qcow2`);
    await pollUntil(() => statSync(file).size > 6 * MIB, {
      timeoutMs: 120_000,
      what: 'what it could not write before',
    });
    expect((await domain())?.power).toBe('running');
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    expect((await sut.agent.call(inspectDisk, { vmId })).status).toBe('SOUND');
    execFileSync('qemu-img', ['check', '-q', file]);
  }, 300_000);
});
