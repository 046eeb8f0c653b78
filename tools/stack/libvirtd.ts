import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { logTail, startChild, type RunningChild } from './child-process.ts';
import { runCommand, type CommandResult } from './command.ts';
import { LIBVIRT_MOUNT_POINTS, prepareLibvirtFolders, type LibvirtFolders } from './libvirt-config.ts';
import { createNamespace, destroyNamespace } from './network-namespace.ts';
import { becomesTrue, pollUntil } from './polling.ts';
import { StackError } from './stack-error.ts';

export interface LibvirtdOptions extends LibvirtFolders {
  /** Network namespace made for this daemon; whatever an earlier run left in it is ended first. */
  readonly networkNamespace: string;
  readonly hostName: string;
  readonly runDir: string;
  readonly logFile: string;
  /** How long it may take to answer once it was started; {@link ANSWER_MS} when left out. */
  readonly answerMs?: number;
}

/** Long enough for a busy machine. One that has not answered by then hangs, as libvirt does now and then while it starts. */
const ANSWER_MS = 90_000;
const ATTEMPTS = 3;

export interface RunningLibvirtd {
  readonly child: RunningChild;
  readonly hostUuid: string;
  /** For any client on this machine, whatever its namespaces. */
  readonly uri: string;
  readonly virsh: (...args: string[]) => Promise<CommandResult>;
  /** Runs a program in the daemon's network namespace: its bridges, taps and kernel rules. */
  readonly inNetwork: (command: string, ...args: string[]) => Promise<CommandResult>;
  /** Presses every guest's power button, waits, then ends those that did not obey. */
  readonly shutDownGuests: (timeoutMs?: number) => Promise<void>;
  /** Shuts guests down (up to the given time, then by force), then the daemon, then removes the namespace. */
  readonly stop: (options?: { readonly guestTimeoutMs?: number }) => Promise<void>;
}

const DEFAULT_GUEST_TIMEOUT_MS = 8_000;
const HOST_SCRIPT = fileURLToPath(new URL('./libvirt-host.sh', import.meta.url));

/** What a local QEMU host lacks on this machine; empty when all is there. */
export function missingForLibvirtd(): string[] {
  const searchPath = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  const programs = [
    'libvirtd',
    'virsh',
    'qemu-system-x86_64',
    'qemu-img',
    'ip',
    'unshare',
    'tini',
    'iptables',
    'ebtables',
    'dnsmasq',
    'dhcp_release',
  ];
  const missing = programs.filter((program) => !searchPath.some((dir) => existsSync(path.join(dir, program))));
  return process.getuid?.() === 0 ? missing : [...missing, 'root rights'];
}

export function libvirtUri(socketDir: string): string {
  return `qemu+unix:///system?socket=${path.join(socketDir, 'libvirt-sock')}`;
}

async function activeDomains(uri: string): Promise<string[]> {
  const result = await runCommand('virsh', ['-c', uri, 'list', '--uuid'], { timeoutMs: 20_000 });
  return result.stdout.split('\n').filter((line) => line.trim() !== '');
}

async function stopGuests(uri: string, guestTimeoutMs: number): Promise<void> {
  const domains = await activeDomains(uri);
  if (domains.length === 0) return;
  if (guestTimeoutMs > 0) {
    await Promise.all(
      domains.map((domain) => runCommand('virsh', ['-c', uri, 'shutdown', domain], { timeoutMs: 5_000 })),
    );
    await becomesTrue(async () => (await activeDomains(uri)).length === 0, guestTimeoutMs, 200);
  }
  const left = await activeDomains(uri);
  await Promise.all(left.map((domain) => runCommand('virsh', ['-c', uri, 'destroy', domain], { timeoutMs: 10_000 })));
}

async function waitUntilReady(child: RunningChild, uri: string, timeoutMs: number): Promise<void> {
  await pollUntil(
    async () => {
      if (!child.isRunning()) throw new StackError(`libvirtd ended at once:\n${logTail(child.logFile)}`);
      if (!existsSync(uri.slice(uri.indexOf('=') + 1))) return undefined;
      return (await runCommand('virsh', ['-c', uri, 'version'], { timeoutMs: Math.min(30_000, timeoutMs) })).code === 0
        ? true
        : undefined;
    },
    { timeoutMs, intervalMs: 50, what: 'libvirtd to answer' },
  );
}

/** A libvirtd that answers. One that hangs has no guests yet: it is ended, and another started. */
async function startAnswering(options: LibvirtdOptions, uri: string): Promise<RunningChild> {
  for (let attempt = 1; ; attempt += 1) {
    const child = await startHost(options);
    try {
      await waitUntilReady(child, uri, options.answerMs ?? ANSWER_MS);
      return child;
    } catch (error) {
      const isHanging = child.isRunning();
      await child.stop();
      if (!isHanging || attempt === ATTEMPTS) throw error;
      process.stderr.write(`libvirtd hung while it started and is started again:\n${logTail(child.logFile)}\n`);
    }
  }
}

function startHost(options: LibvirtdOptions): Promise<RunningChild> {
  const namespaces = ['netns', 'exec', options.networkNamespace, 'unshare', '--mount', '--uts', '--'];
  return startChild({
    name: 'libvirtd',
    command: 'ip',
    // PID 1 of a container often doesn't reap; libvirt waits for its guests' process ids to vanish.
    args: [...namespaces, 'tini', '-s', '--', '/bin/sh', HOST_SCRIPT, options.stateDir, options.hostName],
    environment: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' },
    workingDir: '/',
    logFile: options.logFile,
    runDir: options.runDir,
  });
}

/** Starts a libvirtd of our own, in namespaces where it can't touch the machine's VMs, networks and firewall. */
export async function startLibvirtd(options: LibvirtdOptions): Promise<RunningLibvirtd> {
  const missing = missingForLibvirtd();
  if (missing.length > 0) throw new StackError(`a local libvirtd needs: ${missing.join(', ')}`);
  await destroyNamespace(options.networkNamespace);
  rmSync(path.join(options.stateDir, 'run'), { recursive: true, force: true });
  const hostUuid = prepareLibvirtFolders(options);
  for (const mountPoint of LIBVIRT_MOUNT_POINTS) mkdirSync(mountPoint, { recursive: true });
  await createNamespace(options.networkNamespace);
  const uri = libvirtUri(options.socketDir);
  const clear = async (): Promise<void> => {
    await destroyNamespace(options.networkNamespace);
    rmSync(options.socketDir, { recursive: true, force: true });
  };
  const child = await startAnswering(options, uri).catch(async (error: unknown) => {
    await clear();
    throw error;
  });
  const end = async (): Promise<void> => {
    await child.stop();
    await clear();
  };
  return {
    child,
    hostUuid,
    uri,
    virsh: (...args) => runCommand('virsh', ['-c', uri, ...args]),
    inNetwork: (command, ...args) => runCommand('ip', ['netns', 'exec', options.networkNamespace, command, ...args]),
    shutDownGuests: (timeoutMs = DEFAULT_GUEST_TIMEOUT_MS) => stopGuests(uri, timeoutMs),
    stop: async ({ guestTimeoutMs = DEFAULT_GUEST_TIMEOUT_MS } = {}) => {
      if (child.isRunning()) await stopGuests(uri, guestTimeoutMs);
      await end();
    },
  };
}
