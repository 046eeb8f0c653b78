import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineVm, ensureDisk, startVm, type VmSpec } from '@infinibay/contracts';
import { domainName } from '@infinibay/libvirt-xml';
import { missingForLibvirtd, type RunningLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState, type TemporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { RunningAgent, agentFolders, writeImage, type AgentFolders, type TestImage } from '../src/agent.fixture.ts';

const MIB = 1_048_576;

/** Whether this machine can run a libvirtd with QEMU. */
export const hasQemu = missingForLibvirtd().length === 0;

export interface QemuAgentOptions {
  /** What guests boot from; a disk that holds nothing when left out. */
  readonly disk?: Buffer;
  /** Size of a file system for the disks alone, such as 4m. */
  readonly diskSpace?: string;
}

/** An agent on a libvirtd of its own, whose processes may be stopped and killed. */
export class QemuAgent {
  private constructor(
    readonly agent: RunningAgent,
    private readonly daemon: RunningLibvirtd,
    readonly state: TemporaryState,
    private readonly folders: AgentFolders,
    /** An image of eight MiB that holds nothing. */
    readonly imageId: string,
    private readonly hasOwnFileSystem: boolean,
  ) {}

  static async start({ disk, diskSpace }: QemuAgentOptions = {}): Promise<QemuAgent> {
    const state = temporaryState();
    mkdirSync(state.diskDir, { recursive: true });
    // Before the daemon: it has a mount namespace of its own.
    if (diskSpace !== undefined) mountTmpfs(state.diskDir, diskSpace);
    const daemon = await startTestLibvirtd(state);
    const folders = agentFolders();
    const image = disk === undefined ? writeEmptyImage(folders) : writeImage(folders.images, disk);
    const agent = await RunningAgent.start({
      LIBVIRT_URI: daemon.uri,
      LIBVIRT_VIRT_TYPE: 'qemu',
      AGENT_SOCKET_DIR: state.agentSocketDir,
      IMAGE_DIR: folders.images,
      DISK_DIR: state.diskDir,
      STATE_DIR: folders.state,
      NETNS: state.networkNamespace,
    });
    return new QemuAgent(agent, daemon, state, folders, image.imageId, diskSpace !== undefined);
  }

  get uri(): string {
    return this.daemon.uri;
  }

  /** Makes a VM without a network, and starts it. @returns its id */
  async startVm(): Promise<string> {
    const vmId = await this.defineVm();
    await this.agent.call(startVm, { vmId, fence: 1 });
    return vmId;
  }

  /** @returns the id of a VM that is off */
  async defineVm(): Promise<string> {
    const vmId = randomUUID();
    await this.agent.call(ensureDisk, { vmId, fence: 1, imageId: this.imageId, capacityBytes: 8 * MIB });
    await this.agent.call(defineVm, { fence: 1, spec: vmSpec(vmId) });
    return vmId;
  }

  /** The file in which libvirt keeps the definition of a VM. */
  definitionOf(vmId: string): string {
    return path.join(this.state.libvirtDir, 'etc', 'qemu', `${domainName(vmId)}.xml`);
  }

  /** Sends a signal to a VM's QEMU. */
  signalVm(vmId: string, name: NodeJS.Signals): void {
    signal(path.join(this.state.libvirtDir, 'run', 'qemu', `${domainName(vmId)}.pid`), name);
  }

  /** Sends a signal to libvirtd itself, which is started again when it ends. */
  signalDaemon(name: NodeJS.Signals): void {
    signal(path.join(this.state.libvirtDir, 'run', 'libvirtd.pid'), name);
  }

  async stop(): Promise<void> {
    await this.agent.stop();
    await this.daemon.stop({ guestTimeoutMs: 0 });
    if (this.hasOwnFileSystem) execFileSync('umount', [this.state.diskDir]);
    this.folders.remove();
    this.state.remove();
  }
}

/** Gives the disks more or less space. */
export const resizeTmpfs = (folder: string, size: string): void =>
  void execFileSync('mount', ['-o', `remount,size=${size}`, folder]);

const mountTmpfs = (folder: string, size: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);

const writeEmptyImage = (folders: AgentFolders): TestImage => {
  const file = path.join(folders.state, 'empty.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
  return writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB });
};

/** A small VM without a network. */
export const vmSpec = (vmId: string): VmSpec => ({
  vmId,
  departmentId: randomUUID(),
  name: 'guest',
  vcpus: 1,
  memoryMib: 64,
  nics: [],
  filterName: null,
});

const signal = (pidFile: string, name: NodeJS.Signals): void => {
  const pid = Number(readFileSync(pidFile, 'utf8'));
  if (!Number.isInteger(pid) || pid < 2) throw new Error(`${pidFile} has no pid`);
  process.kill(pid, name);
};
