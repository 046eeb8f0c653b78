import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ServiceName } from '@infinibay/contracts';
import { hostUser } from '../nats/accounts.ts';
import { startChild, type RunningChild } from '../stack/child-process.ts';
import { anyFreePort } from '../stack/free-ports.ts';
import { installBuiltInImage } from '../stack/image-store.ts';
import { prepareFolders } from '../stack/infrastructure.ts';
import { layoutOf, repositoryRoot, type StackLayout } from '../stack/layout.ts';
import { startLibvirtd, type RunningLibvirtd } from '../stack/libvirtd.ts';
import { FURTHER_HOSTS_VARIABLE } from '../stack/nats-users.ts';
import type { StackSecrets } from '../stack/secrets.ts';
import { SERVICES, serviceEnvironment, type PortName } from '../stack/services.ts';
import { runCommand } from './run-command.ts';
import type { RunningSystem } from './running-system.ts';

/** Where a kernel says which boot of it this is. */
const KERNEL_BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** A further host of a running system: a libvirtd, an agent and a collector of its own, on this machine. */
export class SecondHost {
  readonly id: string;
  readonly layout: StackLayout = layoutOf(mkdtempSync(path.join(tmpdir(), 'infinibay-host-')));
  private readonly system: RunningSystem;
  private services: RunningChild[] = [];
  private libvirtd: RunningLibvirtd | undefined;

  private constructor(system: RunningSystem, id: string) {
    this.system = system;
    this.id = id;
  }

  /** What the system has to be started with, so that NATS knows the host. */
  static environment(): { readonly id: string; readonly environment: Record<string, string> } {
    const id = randomUUID();
    return { id, environment: { [FURTHER_HOSTS_VARIABLE]: id } };
  }

  static async start(system: RunningSystem, id: string): Promise<SecondHost> {
    const host = new SecondHost(system, id);
    try {
      prepareFolders(host.layout);
      installBuiltInImage(host.layout.imageDir);
      await host.boot();
    } catch (error) {
      await host.stop();
      throw error;
    }
    return host;
  }

  /** virsh, of this host. */
  virsh(...args: string[]): Promise<string> {
    return runCommand('virsh', ['-c', this.uri, ...args]);
  }

  /** A command in the network of this host's guests. */
  inNetwork(command: string, ...args: string[]): Promise<string> {
    return runCommand('ip', ['netns', 'exec', this.layout.networkNamespace, command, ...args]);
  }

  /** The power goes: nothing runs any more, and nobody has told of an end. What is on its disks stays. */
  async cutPower(): Promise<void> {
    for (const service of this.services.reverse()) await service.stop();
    this.services = [];
    await this.libvirtd?.stop({ guestTimeoutMs: 0 });
    this.libvirtd = undefined;
  }

  /** Its guests are ended, and nothing of it stays. */
  async stop(): Promise<void> {
    await this.cutPower();
    for (const folder of [this.layout.stateDir, this.layout.socketDir])
      rmSync(folder, { recursive: true, force: true });
  }

  private get uri(): string {
    if (this.libvirtd === undefined) throw new Error('the host has no libvirtd');
    return this.libvirtd.uri;
  }

  /** The power is back, or there for the first time. */
  async boot(): Promise<void> {
    const { layout, system } = this;
    this.libvirtd = await startLibvirtd({
      stateDir: layout.libvirtDir,
      socketDir: layout.libvirtSocketDir,
      networkNamespace: layout.networkNamespace,
      hostName: `infinibay-${layout.id}`,
      runDir: layout.runDir,
      logFile: path.join(layout.logDir, 'libvirtd.log'),
    });
    const secrets = JSON.parse(readFileSync(system.layout.secretsFile, 'utf8')) as StackSecrets;
    const agent = hostUser(this.id);
    writeFileSync(this.bootIdFile, `${randomUUID()}\n`);
    await this.serve(secrets, 'metrics-collector', {});
    await this.serve(secrets, 'hypervisor-agent', {
      HOST_ID: this.id,
      NATS_USER: agent,
      NATS_PASSWORD: secrets.natsPasswords[agent] ?? '',
      MIGRATION_URI: this.uri,
      // The two hosts share no network.
      MIGRATION_DATA_URI: `unix://${layout.libvirtSocketDir}`,
    });
  }

  private get bootIdFile(): string {
    return path.join(this.layout.stateDir, 'boot-id');
  }

  /** Each of its programs sees the boot of this host where it would see that of the kernel, which has booted once. */
  private async serve(secrets: StackSecrets, name: ServiceName, own: Readonly<Record<string, string>>): Promise<void> {
    const { layout } = this;
    const entry = SERVICES.find((one) => one.name === name);
    if (entry === undefined) throw new Error(`no service ${name}`);
    const environment = serviceEnvironment(entry, {
      layout,
      secrets,
      ports: {
        ...(this.system.state.ports as Record<PortName, number>),
        [name]: await anyFreePort(),
        uploads: await anyFreePort(),
      },
      hypervisor: { kind: 'qemu', reason: 'a second host' },
      libvirtUri: this.uri,
      firstStart: false,
      adminPassword: undefined,
      demoPassword: undefined,
    });
    const child = await startChild({
      name,
      command: 'unshare',
      args: [
        ...['--mount', 'sh', '-c', `mount --bind "$0" ${KERNEL_BOOT_ID} && exec "$@"`, this.bootIdFile],
        ...[process.execPath, path.join(repositoryRoot, 'apps', name, 'dist', 'main.js')],
      ],
      environment: { ...environment, ...own },
      workingDir: layout.stateDir,
      logFile: path.join(layout.logDir, `${name}.log`),
      runDir: layout.runDir,
    });
    this.services.push(child);
  }
}
