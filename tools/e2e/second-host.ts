import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

/** A further host of a running system: a libvirtd, an agent and a collector of its own, on this machine. */
export class SecondHost {
  readonly id: string;
  readonly layout: StackLayout = layoutOf(mkdtempSync(path.join(tmpdir(), 'infinibay-host-')));
  private readonly services: RunningChild[] = [];
  private libvirtd: RunningLibvirtd | undefined;

  private constructor(id: string) {
    this.id = id;
  }

  /** What the system has to be started with, so that NATS knows the host. */
  static environment(): { readonly id: string; readonly environment: Record<string, string> } {
    const id = randomUUID();
    return { id, environment: { [FURTHER_HOSTS_VARIABLE]: id } };
  }

  static async start(system: RunningSystem, id: string): Promise<SecondHost> {
    const host = new SecondHost(id);
    try {
      await host.launch(system);
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

  /** Its guests are ended, and nothing of it stays. */
  async stop(): Promise<void> {
    for (const service of this.services.reverse()) await service.stop();
    await this.libvirtd?.stop({ guestTimeoutMs: 0 });
    for (const folder of [this.layout.stateDir, this.layout.socketDir])
      rmSync(folder, { recursive: true, force: true });
  }

  private get uri(): string {
    if (this.libvirtd === undefined) throw new Error('the host has no libvirtd');
    return this.libvirtd.uri;
  }

  private async launch(system: RunningSystem): Promise<void> {
    const { layout } = this;
    prepareFolders(layout);
    installBuiltInImage(layout.imageDir);
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
    await this.serve(system, secrets, 'metrics-collector', {});
    await this.serve(system, secrets, 'hypervisor-agent', {
      HOST_ID: this.id,
      NATS_USER: agent,
      NATS_PASSWORD: secrets.natsPasswords[agent] ?? '',
      MIGRATION_URI: this.uri,
      // The two hosts share no network.
      MIGRATION_DATA_URI: `unix://${layout.libvirtSocketDir}`,
    });
  }

  private async serve(
    system: RunningSystem,
    secrets: StackSecrets,
    name: ServiceName,
    own: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { layout } = this;
    const entry = SERVICES.find((one) => one.name === name);
    if (entry === undefined) throw new Error(`no service ${name}`);
    const environment = serviceEnvironment(entry, {
      layout,
      secrets,
      ports: {
        ...(system.state.ports as Record<PortName, number>),
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
      command: process.execPath,
      args: [path.join(repositoryRoot, 'apps', name, 'dist', 'main.js')],
      environment: { ...environment, ...own },
      workingDir: layout.stateDir,
      logFile: path.join(layout.logDir, `${name}.log`),
      runDir: layout.runDir,
    });
    this.services.push(child);
  }
}
