import type { Socket } from 'node:net';
import type {
  Affect,
  DomainInfo,
  DomainState,
  InterfaceAddresses,
  SaveFlags,
  ShutdownModes,
  StartFlags,
  UndefineFlags,
  XmlFlags,
} from './generated/addon.js';
import type { CallOptions, Caller } from './calls.js';
import { Diagnostics } from './domain-diagnostics.js';
import { Disk } from './domain-disk.js';
import { Guest } from './domain-guest.js';
import {
  type ChannelOptions,
  type ConsoleOptions,
  type GuestStream,
  openChannel,
  openConsole,
  openGraphics,
} from './stream.js';
import { IoThreads } from './domain-threads.js';
import { Migration } from './migration.js';
import { LAUNCH_SECURITY_KINDS } from './parameter-kinds.js';
import { fromParameters, type Parameters, type ParametersOf, toParameters } from './parameters.js';
import { Backup, Checkpoints } from './checkpoint.js';
import { Snapshots } from './snapshot.js';
import { Tuning } from './domain-tuning.js';
import type { JobType } from './vocabulary.js';

/** A job on a whole domain: migration, save, backup, dump. */
export interface JobStats {
  /** `none` when nothing runs. */
  readonly kind: JobType;
  /** libvirt's own numbers, e.g. `data_processed`, `data_remaining`, `time_elapsed` (bytes and ms). */
  readonly parameters: Parameters;
}

/** What is done at the end of a run (`virDomainLifecycleAction`). */
export type LifecycleAction =
  'destroy' | 'restart' | 'rename-restart' | 'preserve' | 'coredump-destroy' | 'coredump-restart';

/** A secret for a guest with launch security, base64. */
export type LaunchSecret = ParametersOf<typeof LAUNCH_SECURITY_KINDS>;

/** Where a saved domain is put: a file of the host, and XML instead of what was saved. */
export interface SaveOptions extends SaveFlags, CallOptions {
  readonly xml?: string;
}

/** A metadata element of one XML namespace. */
export interface MetadataKey {
  /** Namespace URI. */
  readonly namespace: string;
  /** Namespace prefix that libvirt writes. */
  readonly prefix: string;
}

/** One domain, by UUID. It holds no libvirt resource: it may be kept as long as one likes and outlives reconnects. */
export class Domain {
  readonly uuid: string;
  /** The name when the handle was made; null when it was made from a UUID alone. */
  readonly name: string | null;
  readonly #calls: Caller;

  constructor(calls: Caller, uuid: string, name: string | null) {
    this.#calls = calls;
    this.uuid = uuid;
    this.name = name;
  }

  /** Its snapshots. */
  get snapshots(): Snapshots {
    return new Snapshots(this.#calls, this.uuid);
  }

  /** Its checkpoints. */
  get checkpoints(): Checkpoints {
    return new Checkpoints(this.#calls, this.uuid);
  }

  /** Backups of its disks. */
  get backup(): Backup {
    return new Backup(this.#calls, this.uuid);
  }

  /** Its limits, weights and CPU pinning. */
  get tuning(): Tuning {
    return new Tuning(this.#calls, this.uuid);
  }

  /** The threads that do its disks' I/O. */
  get ioThreads(): IoThreads {
    return new IoThreads(this.#calls, this.uuid);
  }

  /** Its live migration to another host. */
  get migration(): Migration {
    return new Migration(this.#calls, this.uuid);
  }

  /** What is wrong with it, and what it does. */
  get diagnostics(): Diagnostics {
    return new Diagnostics(this.#calls, this.uuid);
  }

  /** The inside of its guest. */
  get guest(): Guest {
    return new Guest(this.#calls, this.uuid);
  }

  /** One of its disks, by target (`vda`) or source, without asking whether it has it. */
  disk(name: string): Disk {
    return new Disk(this.#calls, this.uuid, name);
  }

  /** Opens a console as a stream (`virDomainOpenConsole`). Running domains only. */
  openConsole(options: ConsoleOptions = {}): Promise<GuestStream> {
    return openConsole(this.#calls, this.uuid, options);
  }

  /** Opens a channel as a stream (`virDomainOpenChannel`), e.g. `org.example.agent`. Running domains only. */
  openChannel(options: ChannelOptions = {}): Promise<GuestStream> {
    return openChannel(this.#calls, this.uuid, options);
  }

  /**
   * Connects to a screen: a socket that speaks its protocol, VNC or SPICE, without the network
   * (`virDomainOpenGraphicsFD`). `skipAuth` needs no password.
   */
  openGraphics(options: { readonly screen?: number; readonly skipAuth?: boolean } & CallOptions = {}): Promise<Socket> {
    return openGraphics(this.#calls, this.uuid, options);
  }

  /** Starts it (`virDomainCreateWithFlags`). `OPERATION_INVALID` when it is active. */
  async create(options: StartFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.startDomain(this.uuid, options, t, k));
  }

  /** Asks the guest to shut down and returns at once (`virDomainShutdownFlags`); `lifecycle` tells when it is off. */
  async shutdown(options: ShutdownModes & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.shutDownDomain(this.uuid, options, t, k));
  }

  /** Asks the guest to reboot (`virDomainReboot`). */
  async reboot(options: ShutdownModes & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.rebootDomain(this.uuid, options, t, k));
  }

  /** Presses the reset button (`virDomainReset`). */
  async reset(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.resetDomain(this.uuid, t, k));
  }

  /** Stops it at once (`virDomainDestroyFlags`). `graceful` never sends SIGKILL and rejects with `RESOURCE_BUSY` when it doesn't go. */
  async destroy(options: { readonly graceful?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.destroyDomain(this.uuid, options.graceful ?? false, t, k));
  }

  /** Stops its CPUs and keeps its memory (`virDomainSuspend`). */
  async suspend(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.suspendDomain(this.uuid, t, k));
  }

  /** Lets its CPUs run again (`virDomainResume`). */
  async resume(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.resumeDomain(this.uuid, t, k));
  }

  /** Removes the definition (`virDomainUndefineFlags`); a running domain becomes transient. */
  async undefine(options: UndefineFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.undefineDomain(this.uuid, options, t, k));
  }

  /** Saves its memory where libvirt chooses and stops it; the next start restores it (`virDomainManagedSave`). Can take long. */
  async managedSave(options: SaveFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.managedSave(this.uuid, options, t, k));
  }

  /** Whether there is a managed save (`virDomainHasManagedSaveImage`). */
  hasManagedSave(options?: CallOptions): Promise<boolean> {
    return this.#calls.run(options, (native, t, k) => native.hasManagedSave(this.uuid, t, k));
  }

  /** Throws the managed save away (`virDomainManagedSaveRemove`). */
  async removeManagedSave(options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.removeManagedSave(this.uuid, t, k));
  }

  /** Saves its memory into a file of the host and stops it (`virDomainSaveFlags`). Can take long. */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.saveDomain(this.uuid, path, options.xml ?? null, options, t, k),
    );
  }

  /** Renames it while it is off (`virDomainRename`). The handle keeps its UUID and its old `name`. */
  async rename(name: string, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.renameDomain(this.uuid, name, t, k));
  }

  /** The job that runs on it, or with `completed` the last that ended (`virDomainGetJobStats`). */
  async jobStats(options: { readonly completed?: boolean } & CallOptions = {}): Promise<JobStats> {
    const completed = options.completed ?? false;
    const told = await this.#calls.run(options, (native, t, k) => native.jobStats(this.uuid, completed, t, k));
    return { kind: told.kind, parameters: fromParameters(told.parameters) };
  }

  /**
   * Ends the job that runs on it: a migration, a save, a backup (`virDomainAbortJob`); with `postcopy` also a migration
   * that can only go on. `OPERATION_INVALID` when none does.
   */
  async abortJob(options: { readonly postcopy?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.abortJob(this.uuid, options.postcopy ?? false, t, k));
  }

  /** What is done when it powers off, reboots or crashes (`virDomainSetLifecycleAction`). */
  async setLifecycleAction(
    when: 'poweroff' | 'reboot' | 'crash',
    action: LifecycleAction,
    options: Affect & CallOptions = {},
  ): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setLifecycleAction(this.uuid, when, action, options, t, k));
  }

  /** How often its balloon tells of memory, seconds; 0 for never (`virDomainSetMemoryStatsPeriod`). */
  async setMemoryStatsPeriod(seconds: number, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setMemoryStatsPeriod(this.uuid, seconds, options, t, k));
  }

  /** Plugs single virtual CPUs in or out, as in `0-3,^2` (`virDomainSetVcpu`). */
  async setVcpuState(vcpus: string, online: boolean, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setVcpuState(this.uuid, vcpus, online, options, t, k));
  }

  /** The kind of its system, e.g. `hvm` (`virDomainGetOSType`). */
  osType(options?: CallOptions): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.osType(this.uuid, t, k));
  }

  /** Whether its definition was changed since it started (`virDomainIsUpdated`). */
  isUpdated(options?: CallOptions): Promise<boolean> {
    return this.#calls.run(options, (native, t, k) => native.isDomainUpdated(this.uuid, t, k));
  }

  /** The definition that its managed save restores (`virDomainManagedSaveGetXMLDesc`). */
  managedSaveXml(options: { readonly secure?: boolean } & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.managedSaveXml(this.uuid, options.secure ?? false, t, k));
  }

  /** Changes it (`virDomainManagedSaveDefineXML`). */
  async setManagedSaveXml(xml: string, options: SaveFlags & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setManagedSaveXml(this.uuid, xml, options, t, k));
  }

  /** Gives a guest with launch security its secret, while it is paused at its start (`virDomainSetLaunchSecurityState`). */
  async setLaunchSecurity(secret: LaunchSecret, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setLaunchSecurity(this.uuid, toParameters(LAUNCH_SECURITY_KINDS, secret), t, k),
    );
  }

  /** The number of virtual CPUs, or how many there may be (`virDomainGetVcpusFlags`). */
  vcpus(options: Affect & { readonly maximum?: boolean } & CallOptions = {}): Promise<number> {
    return this.#calls.run(options, (native, t, k) =>
      native.vcpuCount(this.uuid, options, options.maximum ?? false, t, k),
    );
  }

  /** The memory that it may have, KiB (`virDomainGetMaxMemory`). */
  maxMemory(options?: CallOptions): Promise<number> {
    return this.#calls.run(options, (native, t, k) => native.maxMemory(this.uuid, t, k));
  }

  /** The balloon's numbers of a running domain: KiB and counts (`virDomainMemoryStats`). */
  async memoryStats(options?: CallOptions): Promise<Parameters> {
    return fromParameters(await this.#calls.run(options, (native, t, k) => native.memoryStats(this.uuid, t, k)));
  }

  /** Counters of one interface, by its name on the host or its MAC address (`virDomainInterfaceStats`). */
  async interfaceStats(device: string, options?: CallOptions): Promise<Parameters> {
    return fromParameters(
      await this.#calls.run(options, (native, t, k) => native.interfaceStats(this.uuid, device, t, k)),
    );
  }

  /** Detaches a device by its alias (`virDomainDetachDeviceAlias`). For a running guest a request, done when it lets go. */
  async detachDeviceAlias(alias: string, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.detachDeviceAlias(this.uuid, alias, options, t, k));
  }

  /** State and reason (`virDomainGetState`). Never waits for the guest. */
  state(options?: CallOptions): Promise<DomainState> {
    return this.#calls.run(options, (native, t, k) => native.domainState(this.uuid, t, k));
  }

  /** `virDomainGetInfo`: memory in KiB, CPU time in ns. */
  info(options?: CallOptions): Promise<DomainInfo> {
    return this.#calls.run(options, (native, t, k) => native.domainInfo(this.uuid, t, k));
  }

  /** The domain as XML (`virDomainGetXMLDesc`). */
  xmlDesc(options: XmlFlags & CallOptions = {}): Promise<string> {
    return this.#calls.run(options, (native, t, k) => native.domainXml(this.uuid, options, t, k));
  }

  /** The metadata element of a namespace, null when there is none (`virDomainGetMetadata`). */
  metadata(namespace: string, options: Affect & CallOptions = {}): Promise<string | null> {
    return this.#calls.run(options, (native, t, k) => native.domainMetadata(this.uuid, namespace, options, t, k));
  }

  /** Sets the metadata element of a namespace (`virDomainSetMetadata`); null removes it. */
  async setMetadata(key: MetadataKey, xml: string | null, options: Affect & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setDomainMetadata(this.uuid, xml, key.prefix, key.namespace, options, t, k),
    );
  }

  /** Addresses of a running domain's interfaces (`virDomainInterfaceAddresses`). `agent` waits for the guest's QEMU agent. */
  interfaceAddresses(source: 'lease' | 'agent' | 'arp', options?: CallOptions): Promise<InterfaceAddresses[]> {
    return this.#calls.run(options, (native, t, k) => native.interfaceAddresses(this.uuid, source, t, k));
  }

  /** Whether it starts with the daemon (`virDomainSetAutostart`). */
  async setAutostart(autostart: boolean, options?: CallOptions): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.setDomainAutostart(this.uuid, autostart, t, k));
  }

  /** Sets memory in KiB (`virDomainSetMemoryFlags`); `maximum` sets the limit, for the definition only. */
  async setMemory(kib: number, options: Affect & { readonly maximum?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setDomainMemory(this.uuid, kib, options, options.maximum ?? false, t, k),
    );
  }

  /** Sets the number of virtual CPUs (`virDomainSetVcpusFlags`); `maximum` sets the limit, for the definition only. */
  async setVcpus(count: number, options: Affect & { readonly maximum?: boolean } & CallOptions = {}): Promise<void> {
    await this.#calls.run(options, (native, t, k) =>
      native.setDomainVcpus(this.uuid, count, options, options.maximum ?? false, t, k),
    );
  }

  /** Attaches the device that the XML describes (`virDomainAttachDeviceFlags`). */
  attachDevice(xml: string, options: Affect & CallOptions = {}): Promise<void> {
    return this.#changeDevice('attach', xml, options);
  }

  /** Detaches a device (`virDomainDetachDeviceFlags`). For a running guest a request: it is done when the guest lets go. */
  detachDevice(xml: string, options: Affect & CallOptions = {}): Promise<void> {
    return this.#changeDevice('detach', xml, options);
  }

  /** Changes a device in place, e.g. the filter of an interface or the medium of a drive (`virDomainUpdateDeviceFlags`). */
  updateDevice(xml: string, options: Affect & CallOptions = {}): Promise<void> {
    return this.#changeDevice('update', xml, options);
  }

  async #changeDevice(
    change: 'attach' | 'detach' | 'update',
    xml: string,
    options: Affect & CallOptions,
  ): Promise<void> {
    await this.#calls.run(options, (native, t, k) => native.changeDevice(this.uuid, change, xml, options, t, k));
  }
}
