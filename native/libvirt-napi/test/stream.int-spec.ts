// Consoles, channels and screens of a real QEMU, whose guest is a boot sector that gives back what it gets.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { holdsFor, pollUntil } from '@infinibay/testing';
import type { Domain } from '../src/domain.ts';
import type { DomainQemuMonitorEvent } from '../src/domain-events.ts';
import type { GuestStream } from '../src/stream.ts';
import { bareGuest, bootDisk, hasQemu, type Lab, openLab } from './qemu-lab.ts';

const suite = hasQemu ? describe : describe.skip;

/** Waits for a byte on the first serial port, waits until one may be sent, sends it back, and begins again. */
const ECHO = Buffer.from('bafd03eca80174fbbaf803ec88c4bafd03eca82074fbbaf80388e0eeebe2', 'hex');

const DEVICES = `<serial type='pty'><target port='0'/></serial>
  <console type='pty'><target type='serial' port='0'/></console>
  <channel type='unix'><target type='virtio' name='org.example.echo'/></channel>
  <graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video>`;

/** All that a stream has told until now. */
function reading(stream: GuestStream): () => string {
  let text = '';
  stream.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  return () => text;
}

suite('streams of a domain', () => {
  let lab: Lab;
  let sut: Domain;
  const monitors: DomainQemuMonitorEvent[] = [];

  beforeAll(async () => {
    lab = await openLab({ qemuMonitorEvents: true });
    lab.connection.on('qemuMonitor', (event) => monitors.push(event));
    const boot = path.join(lab.state.diskDir, 'boot.raw');
    sut = await lab.connection.domains.createXml(bareGuest('streamed', bootDisk(boot, ECHO) + DEVICES));
  }, 120_000);

  afterAll(() => lab.close(), 60_000);

  it('greets on a screen in its own protocol', async () => {
    const screen = await sut.openGraphics({ skipAuth: true });
    const [greeting] = (await once(screen, 'data')) as [Buffer];
    expect(greeting.toString()).toMatch(/^RFB 003/);
    screen.destroy();
  });

  it('gives back on the console what was typed, in order and whole', async () => {
    const console = await sut.openConsole();
    const told = reading(console);
    // The firmware takes its time before it starts the boot sector, and throws away what is typed meanwhile.
    await pollUntil(
      () => {
        console.write('.');
        return told().includes('.');
      },
      { what: 'the guest to echo', intervalMs: 200, timeoutMs: 30_000 },
    );
    const text = Array.from({ length: 300 }, (_, line) => `line ${line}\r\n`).join('');
    console.write(text);
    await pollUntil(() => told().includes(text), { what: 'all of the text', timeoutMs: 30_000 });
    console.end();
    await once(console, 'close');
  }, 90_000);

  it('belongs to one at a time, unless it is taken', async () => {
    const first = await sut.openConsole({ safe: true });
    const taken = once(first.resume(), 'error');
    await expect(sut.openConsole({ safe: true })).rejects.toMatchObject({ code: 'OPERATION_FAILED' });
    const second = await sut.openConsole({ force: true });
    expect((await taken)[0]).toMatchObject({ name: 'LibvirtError', domain: 'STREAMS' });
    const told = reading(second);
    second.write('mine');
    await pollUntil(() => told().includes('mine'), { what: 'the echo of who has it' });
    second.destroy();
    await once(second, 'close');
  });

  it('reads no faster than it is read, and loses nothing', async () => {
    const console = await sut.openConsole();
    const text = 'x'.repeat(100_000);
    console.write(text);
    // Nobody takes it: what comes back piles up in QEMU and libvirt, and here up to the high water mark.
    await once(console, 'readable');
    await pollUntil(() => console.readableLength >= console.readableHighWaterMark, {
      what: 'a full buffer',
      timeoutMs: 30_000,
    });
    const bounded = (): boolean => console.readableLength <= 2 * console.readableHighWaterMark;
    await holdsFor(300, bounded, 'no more is kept than twice the high water mark');
    const told = reading(console);
    await pollUntil(() => told().length >= text.length, { what: 'the rest', timeoutMs: 30_000 });
    expect(told()).toBe(text);
    console.destroy();
  }, 90_000);

  it('opens a channel by its name, and says which it does not have', async () => {
    const channel = await sut.openChannel({ device: 'org.example.echo' });
    channel.destroy();
    await once(channel, 'close');
    await expect(sut.openChannel({ device: 'org.example.none' })).rejects.toMatchObject({
      name: 'LibvirtError',
      object: sut.uuid,
    });
    await expect(sut.openConsole({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
    const nobody = lab.connection.domains.handle('00000000-0000-4000-8000-000000000000');
    await expect(nobody.openConsole()).rejects.toMatchObject({ code: 'NO_DOMAIN' });
  });

  it('tells what QEMU tells', async () => {
    await sut.reset();
    await pollUntil(() => monitors.some(({ event }) => event === 'RESET'), { what: 'RESET of the monitor' });
    expect(monitors.find(({ event }) => event === 'RESET')).toMatchObject({
      uuid: sut.uuid,
      seconds: expect.any(Number),
    });
  });

  it('ends with its domain', async () => {
    const guest = await lab.connection.domains.createXml(bareGuest('short-lived', DEVICES));
    const console = await guest.openConsole();
    const ended = once(console.resume(), 'close');
    await guest.destroy();
    await ended;
  }, 60_000);

  // The last that uses this daemon: whether one that is started again finds its guest is libvirt's affair.
  it('ends with a typed error when the daemon goes', async () => {
    const lost = await sut.openConsole();
    const failed = once(lost.resume(), 'error');
    const returned: true[] = [];
    lab.connection.once('reconnected', () => returned.push(true));
    const kill = (): void => {
      const pid = Number(readFileSync(path.join(lab.state.libvirtDir, 'run', 'libvirtd.pid'), 'utf8'));
      if (!Number.isInteger(pid) || pid < 2) throw new Error('the daemon has no pid');
      process.kill(pid, 'SIGKILL');
    };
    kill();
    const [error] = (await failed) as [Error];
    expect(error).toMatchObject({
      name: 'LibvirtError',
      code: expect.stringMatching(/DISCONNECTED|INTERNAL_ERROR|RPC/),
    });
    const back = () => pollUntil(() => returned.length > 0, { timeoutMs: 30_000, what: 'the return to be told' });
    // The daemon that is started in its place hangs now and then: it is killed too.
    await back().catch(async () => {
      kill();
      await back();
    });
    expect(await lab.connection.alive()).toBe(true);
  }, 60_000);

  it('ends with the connection', async () => {
    const other = await openLab();
    try {
      const guest = await other.connection.domains.createXml(bareGuest('other', DEVICES));
      const console = await guest.openConsole();
      const closed = once(console, 'close');
      await other.connection.close();
      await closed;
      await expect(guest.openConsole()).rejects.toMatchObject({ code: 'CLOSED' });
    } finally {
      await other.close();
    }
  }, 60_000);
});
