import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { patience, pollUntil } from '@infinibay/testing';

import { runCommand } from '../stack/command.ts';
import { anyFreePort } from '../stack/free-ports.ts';
import { guestImageDir, guestImageFiles } from './build.ts';

const files = guestImageFiles();
const canBoot = files !== undefined && existsSync('/usr/bin/qemu-system-x86_64');

interface Guest {
  readonly qemu: ChildProcess;
  readonly ended: Promise<void>;
  readonly sshPort: number;
  readonly httpPort: number;
}

let dir: string;
let guest: Guest | undefined;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ib-boot-'));
});
afterEach(async () => {
  guest?.qemu.kill('SIGKILL');
  await guest?.ended;
  guest = undefined;
  rmSync(dir, { recursive: true, force: true });
});

async function boot(bootArguments: readonly string[]): Promise<Guest> {
  const [sshPort, httpPort] = [await anyFreePort(), await anyFreePort()];
  const forward = `hostfwd=tcp:127.0.0.1:${String(sshPort)}-:22,hostfwd=tcp:127.0.0.1:${String(httpPort)}-:8080`;
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      '-machine',
      'pc,accel=tcg',
      '-m',
      '192',
      '-nodefaults',
      '-display',
      'none',
      '-serial',
      `file:${dir}/serial`,
      '-monitor',
      `unix:${dir}/monitor,server=on,wait=off`,
      '-device',
      'virtio-serial-pci',
      '-chardev',
      `socket,id=agent,path=${dir}/agent.sock,server=on,wait=off`,
      '-device',
      'virtserialport,chardev=agent,name=org.infinibay.agent',
      '-netdev',
      `user,id=net,${forward}`,
      '-device',
      'virtio-net-pci,netdev=net,romfile=',
      ...bootArguments,
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => {
    qemu
      .once('exit', () => {
        resolve();
      })
      .once('error', () => {
        resolve();
      });
  });
  await pollUntil(() => listens(`${dir}/agent.sock`), { timeoutMs: 10_000, what: 'the agent socket' });
  guest = { qemu, ended, sshPort, httpPort };
  return guest;
}

/** The file is there before QEMU listens on it. */
function listens(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

async function diskArguments(): Promise<string[]> {
  const image = path.join(guestImageDir, files?.[0] ?? '');
  const overlay = path.join(dir, 'overlay.qcow2');
  await runCommand('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, overlay]);
  return ['-drive', `file=${overlay},if=none,id=disk`, '-device', 'virtio-blk-pci,drive=disk'];
}

/** Agent messages up to the first one of the wanted type. */
async function messagesUntil(type: string): Promise<Record<string, unknown>[]> {
  const socket = connect(`${dir}/agent.sock`);
  const messages: Record<string, unknown>[] = [];
  const timer = setTimeout(
    () => socket.destroy(new Error(`no ${type} in time; the guest said: ${serialTail()}`)),
    patience(60_000),
  );
  try {
    for await (const line of createInterface({ input: socket })) {
      const message = JSON.parse(line) as Record<string, unknown>;
      messages.push(message);
      if (message['type'] === type) break;
    }
    return messages;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

const serialTail = (): string => readFileSync(`${dir}/serial`, 'latin1').slice(-600);

function readAll(port: number, send = ''): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket: Socket = connect(port, '127.0.0.1', () => {
      socket.write(send);
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.setTimeout(patience(2_000), () => {
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

/** Presses the power button, again after a while: a guest that has not finished booting may miss a press, as a machine does. */
async function powerOff(ended: Promise<void>): Promise<void> {
  let off = false;
  void ended.then(() => (off = true));
  const press = () => runCommand('socat', ['-t1', `EXEC:echo system_powerdown`, `UNIX-CONNECT:${dir}/monitor`]);
  await pollUntil(
    async () => {
      if (!off) await press();
      return off;
    },
    { timeoutMs: 120_000, intervalMs: 4_000, what: 'the guest to power off' },
  );
}

const describeWithQemu = canBoot ? describe : describe.skip;

describeWithQemu('the built-in guest image under software emulation', () => {
  it('boots from its disk, reports metrics through the virtio port, answers on TCP 22 and 8080 and obeys the power button', async () => {
    const { ended, sshPort, httpPort } = await boot(await diskArguments());
    const messages = await messagesUntil('metrics');
    expect(messages[0]).toMatchObject({ type: 'handshake' });
    expect(messages.at(-1)).toMatchObject({
      type: 'metrics',
      data: { system: { memory: { total_kb: expect.any(Number) } } },
    });
    expect(
      await pollUntil(async () => (await readAll(sshPort)) || undefined, { timeoutMs: 20_000, what: 'TCP 22' }),
    ).toContain('SSH-2.0');
    const page = async () => (await readAll(httpPort, 'GET / HTTP/1.0\r\n\r\n')) || undefined;
    expect(await pollUntil(page, { timeoutMs: 20_000, what: 'TCP 8080' })).toContain('infinibay micro guest');
    await powerOff(ended);
    expect(readFileSync(`${dir}/serial`, 'latin1')).toContain('Power down');
  });

  it('boots by direct kernel as well', async () => {
    await boot([
      '-kernel',
      path.join(guestImageDir, 'vmlinuz'),
      '-initrd',
      path.join(guestImageDir, 'initrd'),
      '-append',
      'console=ttyS0 quiet infinibay.interval=1 infinibay.hostname=direct',
    ]);
    const messages = await messagesUntil('metrics');
    expect(messages.at(-1)).toMatchObject({ data: { system: { system: { hostname: 'direct' } } } });
  });
});
