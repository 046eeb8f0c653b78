// Screens of real QEMU guests. Beside the sources, since it needs the stack's tools.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { attachVolume, ensureVolume, forceOffVm, startVm, undefineVm, type VmNic } from '@infinibay/contracts';
import { Connection } from '@infinibay/libvirt';
import { pollUntil } from '@infinibay/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { QemuAgent, hasQemu } from './qemu-agent.ts';
import { Viewer, greet } from './vnc-client.ts';

const suite = hasQemu ? describe : describe.skip;
const run = promisify(execFile);
const NOBODY = 65_534;
const MOST_VOLUMES = 25;
const MIB = 1_048_576;

suite('the screen of a guest', () => {
  let sut: QemuAgent;
  let vmId: string;
  beforeAll(async () => {
    sut = await QemuAgent.start();
    vmId = await sut.startVm();
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  const folderOf = (id: string): string => path.join(sut.state.screenSocketDir, id);
  const socketOf = (id: string): string => path.join(folderOf(id), 'vnc', 'socket');
  const isGone = (id: string): Promise<unknown> =>
    pollUntil(() => !existsSync(socketOf(id)), { timeoutMs: 30_000, what: 'the socket to go' });
  const opened = (file: string, uid: number): Promise<unknown> =>
    run('socat', ['-u', `UNIX-CONNECT:${file}`, 'STDOUT'], { uid, gid: uid, timeout: 10_000 });

  it('is shown by VNC on its socket, with no password asked', async () => {
    expect(statSync(socketOf(vmId)).isSocket()).toBe(true);
    const screen = await greet(socketOf(vmId));
    expect(screen).toMatchObject({ version: expect.stringMatching(/^RFB 003\.00\d\n$/), securityTypes: [1] });
    // The text mode, which the BIOS sets while it starts.
    const isText = async (): Promise<boolean> => {
      const { width, height } = await greet(socketOf(vmId));
      return width === 720 && height === 400;
    };
    await pollUntil(isText, { timeoutMs: 30_000, what: 'the BIOS to show its text' });
  }, 60_000);

  it('is on no port', async () => {
    const { stdout } = await run('ip', ['netns', 'exec', sut.state.networkNamespace, 'ss', '-Hltn']);
    expect(stdout).not.toMatch(/:59\d\d\b/);
  });

  it('is reached by root and QEMU, and by nobody else', async () => {
    // Even where the folders above let everybody pass.
    for (const folder of [sut.state.socketDir, sut.state.screenSocketDir]) chmodSync(folder, 0o755);
    const open = path.join(folderOf(vmId), 'open');
    const server = createServer((socket) => socket.end('hello')).listen(open);
    await new Promise((resolve) => server.once('listening', resolve));
    chmodSync(open, 0o777);
    expect(await opened(open, NOBODY)).toMatchObject({ stdout: 'hello' });
    server.close();
    await expect(opened(socketOf(vmId), NOBODY)).rejects.toMatchObject({
      stderr: expect.stringContaining('Permission denied'),
    });
    const { mode, uid } = statSync(path.dirname(socketOf(vmId)));
    expect([mode & 0o777, uid]).toEqual([0o700, 0]);
    expect(statSync(folderOf(vmId)).mode & 0o777).toBe(0o711);
    // Whoever reads the sockets of agents finds no screen there.
    expect(existsSync(path.join(sut.state.agentSocketDir, vmId, 'agent.sock'))).toBe(true);
    expect(readdirSync(path.join(sut.state.agentSocketDir, vmId))).not.toContain('vnc');
  }, 60_000);

  it('is for several at once: none throws out the others', async () => {
    const first = await Viewer.open(socketOf(vmId));
    await expect(greet(socketOf(vmId), { isShared: false })).rejects.toThrow('closed the connection');
    expect(await greet(socketOf(vmId))).toMatchObject({ width: expect.any(Number) });
    expect(await first.picture()).toBeGreaterThan(0);
    first.close();
  }, 60_000);

  it('goes when the guest is off, comes with it again, and leaves nothing when the VM is gone', async () => {
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    await isGone(vmId);
    await sut.agent.call(startVm, { vmId, fence: 1 });
    expect((await greet(socketOf(vmId))).version).toMatch(/^RFB/);
    // QEMU dies without a word.
    sut.signalVm(vmId, 'SIGKILL');
    await isGone(vmId);
    // What is in the way of the socket is not in the way of the VM, and a link of it leads nobody anywhere.
    const outside = path.join(sut.state.socketDir, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'file'), '');
    mkdirSync(path.join(socketOf(vmId), 'deep'), { recursive: true });
    symlinkSync(outside, path.join(socketOf(vmId), 'deep', 'link'));
    await sut.agent.call(startVm, { vmId, fence: 1 });
    expect((await greet(socketOf(vmId))).version).toMatch(/^RFB/);
    expect(readdirSync(path.dirname(socketOf(vmId)))).toEqual(['socket']);
    expect(existsSync(path.join(outside, 'file'))).toBe(true);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    await isGone(vmId);
    await sut.agent.call(undefineVm, { vmId, fence: 1 });
    expect(existsSync(folderOf(vmId))).toBe(false);
    expect(existsSync(path.join(sut.state.agentSocketDir, vmId))).toBe(false);
  }, 120_000);

  it('leaves a card and 25 volumes room on the bus, and the card where it was', async () => {
    const nic: VmNic = {
      portId: randomUUID(),
      networkId: randomUUID(),
      mac: '52:54:00:aa:bb:02',
      address: '10.99.8.10',
      networkName: 'ibt-none',
    };
    const full = await sut.defineVm({ nics: [nic] });
    for (let n = 0; n < MOST_VOLUMES; n += 1) {
      const volumeId = randomUUID();
      await sut.agent.call(ensureVolume, { volumeId, fence: 1, capacityBytes: MIB });
      const target = `vd${String.fromCharCode('b'.charCodeAt(0) + n)}`;
      await sut.agent.call(attachVolume, { vmId: full, fence: 1, volumeId, target });
    }
    const libvirt = await Connection.open(sut.uri);
    const xml = await libvirt.domains.handle(full).xmlDesc({ inactive: true });
    await libvirt.close();
    expect(xml.match(/<disk /g)).toHaveLength(1 + MOST_VOLUMES);
    // A bridge would take up to 31 more, but nothing can be plugged into one that was not there at the start.
    expect(xml).not.toContain('pci-bridge');
    expect(/<interface[^]*?slot='(\w+)'/.exec(xml)?.[1]).toBe('0x02');
  }, 240_000);
});

suite('the screen of a guest whose QEMU is not root', () => {
  let sut: QemuAgent;
  beforeAll(async () => {
    sut = await QemuAgent.start({ qemuUser: { user: 'nobody', group: 'nogroup' } });
  }, 120_000);
  afterAll(() => sut.stop(), 120_000);

  it("is that user's own, and is root's to remove", async () => {
    const vmId = await sut.startVm();
    const folder = path.join(sut.state.screenSocketDir, vmId);
    const socket = path.join(folder, 'vnc', 'socket');
    expect((await greet(socket)).version).toMatch(/^RFB/);
    for (const file of [path.dirname(socket), socket]) expect(statSync(file).uid).toBe(NOBODY);
    expect(statSync(folder).uid).toBe(0);
    await sut.agent.call(forceOffVm, { vmId, fence: 1 });
    await pollUntil(() => !existsSync(socket), { timeoutMs: 30_000, what: 'the socket to go' });
    await sut.agent.call(undefineVm, { vmId, fence: 1 });
    expect(existsSync(folder)).toBe(false);
  }, 120_000);

  it('keeps the guest from starting where its user may not search the way, of which the agent warns', async () => {
    const { screenSocketDir } = sut.state;
    chmodSync(screenSocketDir, 0o700);
    await sut.restartAgent();
    await pollUntil(() => sut.agent.logged.some((line) => line.includes(`may not search ${screenSocketDir},`)), {
      timeoutMs: 10_000,
      what: 'the warning',
    });
    const vmId = await sut.defineVm();
    expect(await sut.agent.refusal(startVm, { vmId, fence: 1 })).toBe('HYPERVISOR_ERROR');
    chmodSync(screenSocketDir, 0o711);
    await sut.agent.call(startVm, { vmId, fence: 1 });
  }, 120_000);
});
