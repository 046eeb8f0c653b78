// What needs QEMU's agent in the guest: our guest image with the agent of Debian.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pollUntil } from '@infinibay/testing';
import { guestImageDir } from '../../../tools/guest-image/build.ts';
import { initrdWithQemuAgent, missingForAgentGuest } from '../../../tools/guest-image/qemu-guest-agent.ts';
import type { Domain } from '../src/domain.ts';
import { diskXml, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu && missingForAgentGuest().length === 0 ? describe : describe.skip;

suite('a guest with an agent', () => {
  let lab: Lab;
  let sut: Domain;
  const states: string[] = [];

  beforeAll(async () => {
    lab = await openLab();
    lab.connection.on('agentLifecycle', ({ state }) => states.push(state));
    const initrd = path.join(lab.state.diskDir, 'initrd');
    writeFileSync(initrd, initrdWithQemuAgent());
    sut = await lab.connection.domains.createXml(
      `<domain type='qemu'><name>agent</name><memory unit='MiB'>256</memory><vcpu current='1'>2</vcpu>
       <os><type arch='x86_64' machine='pc'>hvm</type><kernel>${path.join(guestImageDir, 'vmlinuz')}</kernel>
       <initrd>${initrd}</initrd><cmdline>console=ttyS0 quiet mitigations=off infinibay.hostname=agent-guest</cmdline></os>
       <features><acpi/></features><pm><suspend-to-mem enabled='yes'/></pm><devices>
       ${diskXml(lab.image('vda.qcow2'))}<serial type='pty'/>
       <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices></domain>`,
    );
    await pollUntil(() => states.includes('connected'), { what: 'the agent to connect', timeoutMs: 120_000 });
  }, 180_000);

  // It connects while its guest still starts, anew when that has slept, and libvirt waits no longer than 5 s for an answer.
  beforeEach(async () => {
    const ping = () => sut.guest.agentCommand('{"execute":"guest-ping"}');
    await pollUntil(ping, { what: 'the agent to answer', timeoutMs: 120_000 });
  }, 180_000);

  afterAll(() => lab.close(), 60_000);

  it('answers commands and tells of itself', async () => {
    expect(JSON.parse(await sut.guest.agentCommand('{"execute":"guest-ping"}'))).toEqual({ return: {} });
    expect(await sut.guest.info({ hostname: true })).toEqual({ hostname: 'agent-guest' });
    expect(await sut.guest.hostname({ source: 'agent' })).toBe('agent-guest');
    const [loopback] = await sut.interfaceAddresses('agent');
    expect(loopback).toMatchObject({ name: 'lo' });
    expect(loopback?.addresses).toContainEqual({ family: 'ipv4', address: '127.0.0.1', prefix: 8 });
    await expect(sut.guest.agentCommand('{"execute":"nonsense"}')).rejects.toMatchObject({ name: 'LibvirtError' });
  }, 60_000);

  it('has its clock read and set', async () => {
    await sut.guest.setTime({ seconds: 1_000_000_000, nanoseconds: 0 });
    const { seconds } = await sut.guest.time();
    expect(seconds).toBeGreaterThanOrEqual(1_000_000_000);
    expect(seconds).toBeLessThan(1_000_000_600);
    // The agent set the hardware's clock too.
    await sut.guest.setTime('hardware');
    expect((await sut.guest.time()).seconds).toBeGreaterThanOrEqual(seconds);
  }, 60_000);

  it('takes passwords and keys for its users', async () => {
    await sut.guest.setUserPassword('root', 'sesame');
    await sut.guest.setSshKeys('root', ['ssh-ed25519 AAAA first']);
    await sut.guest.setSshKeys('root', ['ssh-ed25519 BBBB second'], { append: true });
    expect((await sut.guest.sshKeys('root')).sort()).toEqual(['ssh-ed25519 AAAA first', 'ssh-ed25519 BBBB second']);
    await sut.guest.setSshKeys('root', ['ssh-ed25519 AAAA first'], { remove: true });
    expect(await sut.guest.sshKeys('root')).toEqual(['ssh-ed25519 BBBB second']);
    await expect(sut.guest.setUserPassword('nobody-there', 'x')).rejects.toMatchObject({ name: 'LibvirtError' });
  }, 60_000);

  it('sleeps and wakes up', async () => {
    const told: string[] = [];
    lab.connection.on('pmSuspend', () => told.push('asleep'));
    lab.connection.on('pmWakeUp', () => told.push('awake'));
    await sut.guest.suspend('memory');
    await pollUntil(() => told.includes('asleep'), { what: 'the guest to sleep' });
    expect((await sut.state()).state).toBe('pmsuspended');
    await sut.guest.wakeUp();
    await pollUntil(() => told.includes('awake'), { what: 'the guest to wake up' });
    expect((await sut.state()).state).toBe('running');
  }, 60_000);

  it('gives a virtio device back when it is asked to', async () => {
    const gone: (string | null)[] = [];
    lab.connection.on('deviceRemoved', ({ alias }) => gone.push(alias));
    await sut.attachDevice(diskXml(lab.image('vdb.qcow2'), 'vdb'));
    await sut.detachDeviceAlias('virtio-disk1');
    await pollUntil(() => gone.includes('virtio-disk1'), { what: 'the disk to be gone', timeoutMs: 30_000 });
  }, 60_000);

  it('is frozen and thawed, trimmed, and has its file systems and CPUs listed', async () => {
    expect(await sut.guest.freezeFileSystems()).toBeGreaterThanOrEqual(0);
    expect(await sut.guest.thawFileSystems()).toBeGreaterThanOrEqual(0);
    await sut.guest.trimFileSystems({ minimumBytes: 4096 });
    expect(await sut.guest.fileSystems()).toEqual(expect.any(Array));
    expect(await sut.guest.vcpus()).toMatchObject({ online: '0' });
    await sut.setVcpus(2);
    await pollUntil(async () => (await sut.guest.vcpus())['vcpus'] === '0-1', { what: 'the plugged CPU' });
    await sut.guest.setVcpus('1', true);
    expect(await sut.guest.vcpus()).toMatchObject({ online: '0-1' });
    // A guest that has just been given a CPU may bring it up once more by itself.
    const isOff = async (): Promise<boolean> => {
      await sut.guest.setVcpus('1', false);
      return (await sut.guest.vcpus())['online'] === '0';
    };
    await pollUntil(isOff, { what: 'a CPU that is off' });
  }, 60_000);

  it('is shut down by its agent', async () => {
    const ended = new Promise<void>((resolve) => {
      lab.connection.on('lifecycle', ({ event }) => {
        if (event === 'stopped') resolve();
      });
    });
    await sut.guest.setAgentTimeout(10);
    await sut.shutdown({ agent: true });
    await ended;
    await expect(sut.state()).rejects.toMatchObject({ code: 'NO_DOMAIN' });
  }, 60_000);
});
