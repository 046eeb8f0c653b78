import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { defineVm, ensureDisk, startVm, type VmSpec } from '@infinibay/contracts';
import { domainName } from '@infinibay/libvirt-xml';
import { pollUntil } from '@infinibay/testing';
import { guestImageDir } from '../../../tools/guest-image/build.ts';
import { missingForLibvirtd, type LibvirtdOptions, type RunningLibvirtd } from '../../../tools/stack/libvirtd.ts';
import { startTestLibvirtd, temporaryState, type TemporaryState } from '../../../tools/stack/test-infrastructure.ts';
import { RunningAgent, agentFolders, writeImage, type AgentFolders, type TestImage } from '../src/agent.fixture.ts';

const MIB = 1_048_576;

/** Whether this machine can run a libvirtd with QEMU. */
export const hasQemu = missingForLibvirtd().length === 0;

export interface QemuAgentOptions {
  /** What guests boot from; a disk that holds nothing when left out. */
  readonly disk?: Buffer;
  /** Boots our guest image: Linux with our agent, which hears its power button. */
  readonly linux?: boolean;
  /** What guests write on their serial console is kept; see console. */
  readonly hasConsole?: boolean;
  /** As whom QEMU runs; root when left out. */
  readonly qemuUser?: LibvirtdOptions['qemuUser'];
  /** Size of a file system for the disks alone, such as 4m. */
  readonly diskSpace?: string;
  /** A further pool for volumes: its name. Guests copy into it so slowly that a spec can do something meanwhile. */
  readonly pool?: string;
  /** Has the images of another, under the same ids, so that VMs can go from one to the other. */
  readonly beside?: QemuAgent;
  /** And its storage: what one makes there is in the same place for the other. */
  readonly sharesStorage?: boolean;
}

interface Parts {
  readonly environment: Readonly<Record<string, string>>;
  readonly daemon: RunningLibvirtd;
  readonly state: TemporaryState;
  readonly folders: AgentFolders;
  readonly imageId: string;
  readonly diskBytes: number;
  /** The disks are on a file system of their own. */
  readonly hasOwnFileSystem: boolean;
}

/** An agent on a libvirtd of its own, whose processes may be stopped and killed. */
export class QemuAgent {
  readonly state: TemporaryState;
  /** An image of eight MiB that holds nothing, unless another was asked for. */
  readonly imageId: string;

  private constructor(
    public agent: RunningAgent,
    private readonly parts: Parts,
  ) {
    this.state = parts.state;
    this.imageId = parts.imageId;
  }

  static async start({
    disk,
    linux = false,
    hasConsole = false,
    diskSpace,
    qemuUser,
    pool,
    beside,
    sharesStorage = false,
  }: QemuAgentOptions = {}): Promise<QemuAgent> {
    const state = temporaryState();
    mkdirSync(state.diskDir, { recursive: true });
    // Before the daemon: it has a mount namespace of its own.
    if (diskSpace !== undefined) mountTmpfs(state.diskDir, diskSpace);
    const daemon = await startTestLibvirtd(state, { qemuUser });
    const folders = agentFolders();
    if (qemuUser !== undefined) letThrough(state, folders);
    const shared = sharesStorage ? beside : undefined;
    const { imageId } = beside === undefined ? makeImage(folders, disk, linux) : copyImages(beside, folders);
    const environment = {
      LIBVIRT_URI: daemon.uri,
      LIBVIRT_VIRT_TYPE: 'qemu',
      AGENT_SOCKET_DIR: state.agentSocketDir,
      SCREEN_SOCKET_DIR: state.screenSocketDir,
      IMAGE_DIR: shared?.parts.folders.images ?? folders.images,
      DISK_DIR: shared?.state.diskDir ?? state.diskDir,
      STATE_DIR: folders.state,
      NETNS: state.networkNamespace,
      MIGRATION_URI: daemon.uri,
      // The daemons share no network.
      MIGRATION_DATA_URI: `unix://${state.socketDir}`,
      ...(pool === undefined ? {} : { STORAGE_POOLS: `${pool}=${poolDir(state)}`, VOLUME_MOVE_MIB_PER_SECOND: '1' }),
      ...(hasConsole ? { CONSOLE_LOG_DIR: consoleDir(state) } : {}),
    };
    // libvirt asks QEMU what it can when that is first needed: a full machine takes longer for it than a request may.
    const hasAsked = async () => (await daemon.virsh('domcapabilities', '--virttype', 'qemu')).code === 0;
    await pollUntil(hasAsked, { timeoutMs: 90_000, what: 'what QEMU can' });
    const agent = await RunningAgent.start(environment);
    const parts = {
      environment,
      daemon,
      state,
      folders,
      imageId,
      diskBytes: (linux ? 64 : 8) * MIB,
      hasOwnFileSystem: diskSpace !== undefined,
    };
    return new QemuAgent(agent, parts);
  }

  /** Ends the agent and starts another of the same host; guests run on. */
  async restartAgent(): Promise<void> {
    const { hostId } = this.agent;
    await this.agent.stop();
    this.agent = await RunningAgent.start({ ...this.parts.environment, HOST_ID: hostId });
  }

  get uri(): string {
    return this.parts.daemon.uri;
  }

  /** Waits for a line of the agent in the Linux guest: then it has booted. */
  async speaks(vmId: string): Promise<void> {
    const socket = connect(path.join(this.state.agentSocketDir, vmId, 'agent.sock'));
    await new Promise((resolve, reject) => {
      socket.once('error', reject);
      createInterface(socket).once('line', resolve);
    }).finally(() => socket.destroy());
  }

  /** What the guest has written on its serial console. */
  console(vmId: string): string {
    return readFileSync(path.join(consoleDir(this.state), `${vmId}.log`), 'latin1');
  }

  /** Makes a VM without a network, and starts it. @returns its id */
  async startVm(changes: Partial<VmSpec> = {}): Promise<string> {
    const vmId = await this.defineVm(changes);
    await this.agent.call(startVm, { vmId, fence: 1 });
    return vmId;
  }

  /** @returns the id of a VM that is off */
  async defineVm(changes: Partial<VmSpec> = {}): Promise<string> {
    const vmId = randomUUID();
    await this.agent.call(ensureDisk, { vmId, fence: 1, imageId: this.imageId, capacityBytes: this.parts.diskBytes });
    await this.agent.call(defineVm, { fence: 1, spec: { ...vmSpec(vmId), ...changes } });
    return vmId;
  }

  /** The file in which libvirt keeps the definition of a VM. */
  definitionOf(vmId: string): string {
    return path.join(this.state.libvirtDir, 'etc', 'qemu', `${domainName(vmId)}.xml`);
  }

  /** The folder of the further pool. */
  get poolDir(): string {
    return poolDir(this.state);
  }

  /** Copies the images that its guests read from. */
  copyImagesTo(folder: string): void {
    cpSync(this.parts.folders.images, folder, { recursive: true });
  }

  /** Where the agent remembers reverts to snapshots, by VM. */
  get reverts(): string {
    return path.join(this.parts.folders.state, 'reverts');
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
    await this.parts.daemon.stop({ guestTimeoutMs: 0 });
    if (this.parts.hasOwnFileSystem) execFileSync('umount', [this.state.diskDir]);
    this.parts.folders.remove();
    this.state.remove();
  }
}

const poolDir = (state: TemporaryState): string => `${state.diskDir}-further`;

const consoleDir = (state: TemporaryState): string => path.join(state.libvirtDir, 'consoles');

/** Lets QEMU pass that is not root; from the folder of the run down, whatever is above that. */
const letThrough = (state: TemporaryState, folders: AgentFolders): void => {
  const opened = [state.libvirtDir, state.diskDir, state.agentSocketDir, state.screenSocketDir, folders.images];
  for (const folder of [tmpdir(), ...opened.flatMap(ownFoldersTo)])
    chmodSync(folder, (statSync(folder).mode & 0o7777) | 0o011);
};

/** A folder and those above it that are ours alone. */
const ownFoldersTo = (folder: string): string[] => {
  const above = path.dirname(folder);
  return above === tmpdir() || above === '/run' || above === folder ? [folder] : [...ownFoldersTo(above), folder];
};

/** Gives the disks more or less space. */
export const resizeTmpfs = (folder: string, size: string): void =>
  void execFileSync('mount', ['-o', `remount,size=${size}`, folder]);

const mountTmpfs = (folder: string, size: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);

const makeImage = (folders: AgentFolders, disk: Buffer | undefined, linux: boolean): Pick<TestImage, 'imageId'> => {
  if (disk !== undefined) return writeImage(folders.images, disk);
  return linux ? writeLinuxImage(folders) : writeEmptyImage(folders);
};

const copyImages = (from: QemuAgent, folders: AgentFolders): Pick<TestImage, 'imageId'> => {
  from.copyImagesTo(folders.images);
  return { imageId: from.imageId };
};

const writeEmptyImage = (folders: AgentFolders): TestImage => {
  const file = path.join(folders.state, 'empty.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', file, String(8 * MIB)]);
  return writeImage(folders.images, readFileSync(file), { format: 'qcow2', virtualSizeBytes: 8 * MIB });
};

const writeLinuxImage = (folders: AgentFolders): TestImage => {
  const manifest = JSON.parse(readFileSync(path.join(guestImageDir, 'infinibay-micro.json'), 'utf8')) as {
    file: string;
    virtualSizeBytes: number;
  };
  const { virtualSizeBytes } = manifest;
  return writeImage(folders.images, readFileSync(path.join(guestImageDir, manifest.file)), {
    format: 'qcow2',
    virtualSizeBytes,
  });
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
