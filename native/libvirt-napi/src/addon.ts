// Generated from the Rust code by tools/generate-types.ts. Don't edit: npm run build:types -w @infinibay/libvirt
/* eslint-disable */
import type {
  BlockJobType,
  CpuComparison,
  DomainStateName,
  DomainStateReason,
  JobType,
  NetworkSection,
  PoolStateName,
  SnapshotState,
  VolumeType,
} from './vocabulary.js';

/** A connection. Every call ends with its deadline in ms (0: the connection's) and a token (0: can't be cancelled). */
export declare class NativeConnection {
  isUp(): boolean;
  cancel(token: number): void;
  close(): Promise<undefined>;
  ref(): void;
  unref(): void;
  ping(timeoutMs: number, token: number): Promise<undefined>;
  hostname(timeoutMs: number, token: number): Promise<string>;
  driver(timeoutMs: number, token: number): Promise<string>;
  uri(timeoutMs: number, token: number): Promise<string>;
  versions(timeoutMs: number, token: number): Promise<Versions>;
  nodeInfo(timeoutMs: number, token: number): Promise<NodeInfo>;
  freeMemory(timeoutMs: number, token: number): Promise<number>;
  capabilities(timeoutMs: number, token: number): Promise<string>;
  domainCapabilities(query: CapabilityQuery, timeoutMs: number, token: number): Promise<string>;
  /** Panics on a worker thread, for the test that a panic becomes a rejection. */
  panicForTest(message: string): Promise<undefined>;
  /** Holds a worker, for the tests of deadlines and caps. */
  blockForTest(uuid: string, forMs: number, timeoutMs: number, token: number): Promise<undefined>;
  listDomains(filter: DomainFilter, timeoutMs: number, token: number): Promise<Array<DomainRecord>>;
  findDomain(uuid: string, timeoutMs: number, token: number): Promise<ObjectName>;
  findDomainByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineDomain(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  domainState(uuid: string, timeoutMs: number, token: number): Promise<DomainState>;
  domainInfo(uuid: string, timeoutMs: number, token: number): Promise<DomainInfo>;
  domainXml(uuid: string, flags: XmlFlags, timeoutMs: number, token: number): Promise<string>;
  domainMetadata(
    uuid: string,
    namespace: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<string | null>;
  setDomainMetadata(
    uuid: string,
    xml: string | null,
    prefix: string,
    namespace: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  interfaceAddresses(
    uuid: string,
    source: 'lease' | 'agent' | 'arp',
    timeoutMs: number,
    token: number,
  ): Promise<Array<InterfaceAddresses>>;
  /** As JSON, an array of `DomainStatsRecord`: of all ways to make thousands of objects the fastest, and made on a worker. */
  allDomainStats(query: StatsQuery, timeoutMs: number, token: number): Promise<string>;
  startDomain(uuid: string, flags: StartFlags, timeoutMs: number, token: number): Promise<undefined>;
  shutDownDomain(uuid: string, modes: ShutdownModes, timeoutMs: number, token: number): Promise<undefined>;
  rebootDomain(uuid: string, modes: ShutdownModes, timeoutMs: number, token: number): Promise<undefined>;
  resetDomain(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  destroyDomain(uuid: string, graceful: boolean, timeoutMs: number, token: number): Promise<undefined>;
  suspendDomain(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  resumeDomain(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  undefineDomain(uuid: string, flags: UndefineFlags, timeoutMs: number, token: number): Promise<undefined>;
  setDomainAutostart(uuid: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  setDomainMemory(
    uuid: string,
    kib: number,
    affect: Affect,
    maximum: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  setDomainVcpus(
    uuid: string,
    count: number,
    affect: Affect,
    maximum: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  changeDevice(
    uuid: string,
    change: 'attach' | 'detach' | 'update',
    xml: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockInfo(uuid: string, disk: string, timeoutMs: number, token: number): Promise<BlockInfo>;
  blockStats(uuid: string, disk: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  blockResize(uuid: string, disk: string, bytes: number, timeoutMs: number, token: number): Promise<undefined>;
  blockIoTune(
    uuid: string,
    disk: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<Array<TypedParameter>>;
  setBlockIoTune(
    uuid: string,
    disk: string,
    parameters: Array<TypedParameter>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockCopy(
    uuid: string,
    disk: string,
    xml: string,
    parameters: Array<TypedParameter>,
    flags: CopyFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockCommit(
    uuid: string,
    disk: string,
    base: string | null,
    top: string | null,
    bandwidth: number,
    flags: CommitFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockPull(
    uuid: string,
    disk: string,
    base: string | null,
    bandwidth: number,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockJob(uuid: string, disk: string, timeoutMs: number, token: number): Promise<BlockJob | null>;
  abortBlockJob(
    uuid: string,
    disk: string,
    pivot: boolean,
    noWait: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  setBlockJobSpeed(uuid: string, disk: string, bandwidth: number, timeoutMs: number, token: number): Promise<undefined>;
  agentCommand(uuid: string, command: string, seconds: number, timeoutMs: number, token: number): Promise<string>;
  guestInfo(uuid: string, query: GuestInfoQuery, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  sendKey(uuid: string, keys: Array<number>, holdMs: number, timeoutMs: number, token: number): Promise<undefined>;
  freezeFileSystems(uuid: string, timeoutMs: number, token: number): Promise<number>;
  thawFileSystems(uuid: string, timeoutMs: number, token: number): Promise<number>;
  screenshot(uuid: string, screen: number, timeoutMs: number, token: number): Promise<Screenshot>;
  managedSave(uuid: string, flags: SaveFlags, timeoutMs: number, token: number): Promise<undefined>;
  hasManagedSave(uuid: string, timeoutMs: number, token: number): Promise<boolean>;
  removeManagedSave(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  saveDomain(
    uuid: string,
    path: string,
    xml: string | null,
    flags: SaveFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  restoreDomain(
    path: string,
    xml: string | null,
    flags: SaveFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  createDomain(xml: string, flags: StartFlags, timeoutMs: number, token: number): Promise<ObjectName>;
  renameDomain(uuid: string, name: string, timeoutMs: number, token: number): Promise<undefined>;
  pmSuspendDomain(
    uuid: string,
    target: 'memory' | 'disk' | 'hybrid',
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  pmWakeUpDomain(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  jobStats(uuid: string, completed: boolean, timeoutMs: number, token: number): Promise<NativeJobStats>;
  abortJob(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  pinVcpu(
    uuid: string,
    vcpu: number,
    cpus: Array<number>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  vcpuPins(uuid: string, affect: Affect, timeoutMs: number, token: number): Promise<Array<Array<number>>>;
  vcpuCount(uuid: string, affect: Affect, maximum: boolean, timeoutMs: number, token: number): Promise<number>;
  maxMemory(uuid: string, timeoutMs: number, token: number): Promise<number>;
  tuning(
    uuid: string,
    what: 'scheduler' | 'memory' | 'block-io' | 'numa',
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<Array<TypedParameter>>;
  setTuning(
    uuid: string,
    what: 'scheduler' | 'memory' | 'block-io' | 'numa',
    parameters: Array<TypedParameter>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  memoryStats(uuid: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  interfaceStats(uuid: string, device: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  detachDeviceAlias(uuid: string, alias: string, affect: Affect, timeoutMs: number, token: number): Promise<undefined>;
  hostCpuStats(cpu: number | null, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  hostMemoryStats(cell: number | null, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  cellsFreeMemory(timeoutMs: number, token: number): Promise<Array<number>>;
  cpuModels(arch: string, timeoutMs: number, token: number): Promise<Array<string>>;
  compareCpu(xml: string, timeoutMs: number, token: number): Promise<CpuComparison>;
  baselineCpu(cpus: Array<string>, timeoutMs: number, token: number): Promise<string>;
  listNetworks(timeoutMs: number, token: number): Promise<Array<NetworkRecord>>;
  findNetwork(uuid: string, timeoutMs: number, token: number): Promise<ObjectName>;
  findNetworkByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineNetwork(xml: string, timeoutMs: number, token: number): Promise<ObjectName>;
  startNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  destroyNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  undefineNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  updateNetwork(uuid: string, update: NetworkUpdate, timeoutMs: number, token: number): Promise<undefined>;
  networkRecord(uuid: string, timeoutMs: number, token: number): Promise<NetworkRecord>;
  setNetworkAutostart(uuid: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  networkXml(uuid: string, inactive: boolean, timeoutMs: number, token: number): Promise<string>;
  networkBridge(uuid: string, timeoutMs: number, token: number): Promise<string>;
  dhcpLeases(uuid: string, mac: string | null, timeoutMs: number, token: number): Promise<Array<DhcpLease>>;
  listNwFilters(timeoutMs: number, token: number): Promise<Array<ObjectName>>;
  findNwFilterByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineNwFilter(xml: string, timeoutMs: number, token: number): Promise<ObjectName>;
  undefineNwFilter(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  nwFilterXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  listNwFilterBindings(timeoutMs: number, token: number): Promise<Array<NwFilterBinding>>;
  createSnapshot(uuid: string, xml: string, flags: SnapshotFlags, timeoutMs: number, token: number): Promise<string>;
  listSnapshots(uuid: string, timeoutMs: number, token: number): Promise<Array<SnapshotRecord>>;
  findSnapshot(uuid: string, name: string, timeoutMs: number, token: number): Promise<SnapshotRecord>;
  currentSnapshot(uuid: string, timeoutMs: number, token: number): Promise<string | null>;
  revertToSnapshot(
    uuid: string,
    name: string,
    flags: RevertFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  deleteSnapshot(
    uuid: string,
    name: string,
    flags: SnapshotDeleteFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  snapshotXml(uuid: string, name: string, secure: boolean, timeoutMs: number, token: number): Promise<string>;
  createCheckpoint(
    uuid: string,
    xml: string,
    flags: CheckpointFlags,
    timeoutMs: number,
    token: number,
  ): Promise<string>;
  listCheckpoints(uuid: string, timeoutMs: number, token: number): Promise<Array<CheckpointRecord>>;
  deleteCheckpoint(
    uuid: string,
    name: string,
    flags: CheckpointDeleteFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  checkpointXml(
    uuid: string,
    name: string,
    flags: CheckpointXmlFlags,
    timeoutMs: number,
    token: number,
  ): Promise<string>;
  beginBackup(
    uuid: string,
    xml: string,
    checkpointXml: string | null,
    reuseExternal: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  backupXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  listPools(timeoutMs: number, token: number): Promise<Array<PoolRecord>>;
  findPoolByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  definePool(xml: string, timeoutMs: number, token: number): Promise<ObjectName>;
  buildPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  startPool(uuid: string, build: boolean, timeoutMs: number, token: number): Promise<undefined>;
  destroyPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  undefinePool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  refreshPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  setPoolAutostart(uuid: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  poolInfo(uuid: string, timeoutMs: number, token: number): Promise<PoolInfo>;
  poolXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  listVolumes(pool: string, timeoutMs: number, token: number): Promise<Array<VolumeRecord>>;
  findVolume(pool: string, name: string, timeoutMs: number, token: number): Promise<VolumeRecord>;
  createVolume(
    pool: string,
    xml: string,
    preallocateMetadata: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<VolumeRecord>;
  deleteVolume(pool: string, name: string, timeoutMs: number, token: number): Promise<undefined>;
  volumeInfo(pool: string, name: string, timeoutMs: number, token: number): Promise<VolumeInfo>;
  resizeVolume(
    pool: string,
    name: string,
    bytes: number,
    flags: ResizeFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  volumeXml(pool: string, name: string, timeoutMs: number, token: number): Promise<string>;
  readVolume(
    uuid: string,
    name: string,
    offset: number,
    length: number,
    timeoutMs: number,
    token: number,
  ): Promise<Buffer>;
  writeVolume(
    uuid: string,
    name: string,
    offset: number,
    data: Buffer,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
}

/** Which configuration a change is for; the current one when neither is set. */
export interface Affect {
  /** The running domain. */
  live?: boolean;
  /** The persistent definition. */
  config?: boolean;
}

/** `balloon.*`, KiB. Absent: not told by the driver or the guest. */
export interface BalloonStats {
  /** What the guest has. */
  currentKib?: number;
  /** What it may have. */
  maximumKib?: number;
  /** Resident memory of its process on the host. */
  rssKib?: number;
  /** Free in the guest. */
  unusedKib?: number;
  /** Usable in the guest without swapping. */
  usableKib?: number;
  /** Usable in all, as the guest sees it. */
  availableKib?: number;
  swapInKib?: number;
  swapOutKib?: number;
}

/** Sizes of a disk. */
export interface BlockInfo {
  /** What the guest sees. */
  capacityBytes: number;
  /** What is in use. */
  allocationBytes: number;
  /** What it takes on the host. */
  physicalBytes: number;
}

/** A job on a disk. */
export interface BlockJob {
  /** What it does. */
  kind: BlockJobType;
  /** Limit in bytes a second; 0 is none. */
  bandwidthBytes: number;
  /** How far it is, in units of its own. */
  current: number;
  /** Where it ends. A copy at its end follows the guest's writes and can pivot. */
  end: number;
}

/** `block.<n>.*` */
export interface BlockStats {
  /** Target, e.g. `vda`. */
  name: string;
  /** Source file or device. */
  path?: string;
  readRequests?: number;
  readBytes?: number;
  readTimeNs?: number;
  writeRequests?: number;
  writeBytes?: number;
  writeTimeNs?: number;
  flushRequests?: number;
  errors?: number;
  /** Highest written offset. */
  allocationBytes?: number;
  /** Size that the guest sees. */
  capacityBytes?: number;
  /** Size of its file. */
  physicalBytes?: number;
}

/** Which domain capabilities are asked for; the driver's defaults where absent. */
export interface CapabilityQuery {
  /** Path of the emulator. */
  emulator?: string;
  /** e.g. `x86_64` */
  arch?: string;
  /** e.g. `q35` */
  machine?: string;
  /** e.g. `kvm` or `qemu` */
  virtType?: string;
}

/** What goes with a deleted checkpoint. */
export interface CheckpointDeleteFlags {
  /** Its descendants too. */
  children?: boolean;
  /** Its descendants, but not itself. */
  childrenOnly?: boolean;
  /** libvirt's record only: the bitmaps stay. */
  metadataOnly?: boolean;
}

/** How a checkpoint is made. */
export interface CheckpointFlags {
  /** Restore libvirt's record of a checkpoint that is there already. */
  redefine?: boolean;
  /** Freeze the guest's file systems meanwhile (guest agent). */
  quiesce?: boolean;
  /** With `redefine`: check the bitmaps on the disks. */
  redefineValidate?: boolean;
}

/** A checkpoint. */
export interface CheckpointRecord {
  /** Its name within the domain. */
  name: string;
  /** The one before it, null for the first. */
  parent: string | null;
  /** Seconds since 1970. */
  createdAt: number;
}

/** What is in a checkpoint's XML. */
export interface CheckpointXmlFlags {
  /** With passwords. */
  secure?: boolean;
  /** Without the domain's definition. */
  noDomain?: boolean;
  /** With the bytes that changed since, per disk (running domains). */
  size?: boolean;
}

/** How layers are merged downwards. */
export interface CommitFlags {
  /** Only the layer right below `top`. */
  shallow?: boolean;
  /** Delete what was merged. */
  delete?: boolean;
  /** The layer the guest writes to; it needs a pivot at the end. */
  active?: boolean;
  /** Keep relative names of the layers. */
  relative?: boolean;
}

/** How a disk is copied. */
export interface CopyFlags {
  /** The top layer only. */
  shallow?: boolean;
  /** The target is there already. */
  reuseExternal?: boolean;
  /** Don't refuse a persistent domain: the job won't survive a restart of it. */
  transientJob?: boolean;
  /** A write of the guest ends when it is on both. */
  synchronousWrites?: boolean;
}

/** `cpu.*`, nanoseconds. A counter is absent when the driver doesn't have it. */
export interface CpuStats {
  timeNs?: number;
  userNs?: number;
  systemNs?: number;
}

/** A lease of libvirt's DHCP server. */
export interface DhcpLease {
  /** The bridge. */
  interface: string;
  /** When it ends, seconds since the epoch; 0 for never. */
  expiresAt: number;
  family: 'ipv4' | 'ipv6' | 'unknown';
  mac: string | null;
  address: string;
  /** Prefix length in bits. */
  prefix: number;
  /** The name the guest gave. */
  hostname: string | null;
  /** Its client id or DUID. */
  clientId: string | null;
}

/** Which domains a list holds; all when nothing is set. */
export interface DomainFilter {
  active?: boolean;
  inactive?: boolean;
  persistent?: boolean;
  transient?: boolean;
}

/** `virDomainGetInfo` */
export interface DomainInfo {
  state: DomainStateName;
  /** Memory that it may have, KiB. */
  maxMemoryKib: number;
  /** Memory that it has, KiB. */
  memoryKib: number;
  vcpus: number;
  /** CPU time used, nanoseconds. */
  cpuTimeNs: number;
}

/** A domain in a list. */
export interface DomainRecord {
  uuid: string;
  name: string;
  /** The hypervisor's number, null while inactive. */
  id: number | null;
  state: DomainStateName;
  reason: DomainStateReason;
  /** Whether its definition outlives its run. */
  persistent: boolean;
  /** Whether it starts with the daemon. */
  autostart: boolean;
}

/** State with its reason. */
export interface DomainState {
  state: DomainStateName;
  reason: DomainStateReason;
}

/** One domain's statistics: the groups that were asked for. */
export interface DomainStatsRecord {
  uuid: string;
  name: string;
  state?: DomainStateName;
  reason?: DomainStateReason;
  cpu?: CpuStats;
  balloon?: BalloonStats;
  vcpus?: Array<VcpuStats>;
  net?: Array<NetStats>;
  block?: Array<BlockStats>;
  /** Groups `perf`, `ioThread`, `memory` and `dirtyRate`, by libvirt's own names. */
  other?: Record<string, number>;
}

/** What the guest agent is asked for; everything it knows when nothing is set. */
export interface GuestInfoQuery {
  /** Who is logged in. */
  users?: boolean;
  /** The operating system. */
  os?: boolean;
  /** Its time zone. */
  timezone?: boolean;
  /** Its name. */
  hostname?: boolean;
  /** File systems. */
  filesystem?: boolean;
  /** Disks. */
  disks?: boolean;
  /** Network interfaces. */
  interfaces?: boolean;
}

/** An interface as its source sees it. */
export interface InterfaceAddresses {
  /** Name on the host (lease, arp) or in the guest (agent). */
  name: string;
  mac: string | null;
  addresses: Array<IpAddress>;
}

/** An address with its prefix length in bits. */
export interface IpAddress {
  family: 'ipv4' | 'ipv6' | 'unknown';
  address: string;
  prefix: number;
}

/** A job on a whole domain. */
export interface NativeJobStats {
  kind: JobType;
  parameters: Array<TypedParameter>;
}

/** How to connect. */
export interface NativeOptions {
  uri: string;
  readOnly: boolean;
  workers: number;
  callTimeoutMs: number;
}

/** `net.<n>.*`, counted from the guest's side. */
export interface NetStats {
  /** Name of the tap on the host. */
  name: string;
  rxBytes?: number;
  rxPackets?: number;
  rxErrors?: number;
  rxDropped?: number;
  txBytes?: number;
  txPackets?: number;
  txErrors?: number;
  txDropped?: number;
}

/** A network. */
export interface NetworkRecord {
  uuid: string;
  name: string;
  /** Its bridge on the host, null when it has none. */
  bridge: string | null;
  active: boolean;
  /** Whether its definition outlives its run. */
  persistent: boolean;
  /** Whether it starts with the daemon. */
  autostart: boolean;
}

/** One change of a network. */
export interface NetworkUpdate {
  command: 'modify' | 'delete' | 'add-last' | 'add-first';
  section: NetworkSection;
  /** Which parent element; -1 (the default) when libvirt shall find out. */
  parentIndex?: number;
  /** The element. */
  xml: string;
  /** For the network as it runs. */
  live?: boolean;
  /** For the definition. */
  config?: boolean;
}

/** The host's hardware. */
export interface NodeInfo {
  /** CPU model, e.g. `x86_64`. */
  model: string;
  /** Memory in KiB. */
  memoryKib: number;
  /** Active logical CPUs. */
  cpus: number;
  /** MHz as the driver reports it; 0 when unknown. */
  mhz: number;
  /** NUMA nodes; 1 for unusual topologies. */
  numaNodes: number;
  /** Sockets per node. */
  sockets: number;
  /** Cores per socket. */
  cores: number;
  /** Threads per core. */
  threads: number;
}

/** A filter that stands on an interface of the host. */
export interface NwFilterBinding {
  /** The interface, e.g. `vnet0`. */
  portDev: string;
  filterName: string;
}

/** What names an object. */
export interface ObjectName {
  uuid: string;
  name: string;
}

/** Opens a connection on a thread of its own. */
export declare function openConnection(
  options: NativeOptions,
  makeError: (
    code: string,
    domain: string,
    level: string,
    message: string,
    call: string,
    object?: string | null,
  ) => Error,
  onEvent: (event: object) => void,
): Promise<NativeConnection>;

/** Room in a pool. */
export interface PoolInfo {
  state: PoolStateName;
  capacityBytes: number;
  allocationBytes: number;
  availableBytes: number;
}

/** A pool. */
export interface PoolRecord {
  uuid: string;
  name: string;
  active: boolean;
  /** Whether its definition outlives its run. */
  persistent: boolean;
  /** Whether it comes up with the daemon. */
  autostart: boolean;
}

/** How a volume is resized. */
export interface ResizeFlags {
  /** Allocate the new room at once. */
  allocate?: boolean;
  /** The number is a difference. */
  delta?: boolean;
  /** It may get smaller. */
  shrink?: boolean;
}

/** How a domain goes back to a snapshot. */
export interface RevertFlags {
  /** It runs afterwards. */
  running?: boolean;
  /** It is paused afterwards. */
  paused?: boolean;
  /** Even when libvirt calls it risky (`SNAPSHOT_REVERT_RISKY`). */
  force?: boolean;
  /** NVRAM starts anew from its template. */
  resetNvram?: boolean;
}

/** How a domain's memory is saved, and in which state it comes back; as it was when neither is set. */
export interface SaveFlags {
  /** Past the page cache. */
  bypassCache?: boolean;
  /** It comes back running. */
  running?: boolean;
  /** It comes back paused. */
  paused?: boolean;
}

/** A picture of a screen. */
export interface Screenshot {
  /** Its format, e.g. `image/png`. */
  mimeType: string;
  /** The file. */
  data: Buffer;
}

/** How the guest is asked to go down; the hypervisor chooses when nothing is set. */
export interface ShutdownModes {
  /** The ACPI power button. */
  acpi?: boolean;
  /** The QEMU guest agent. */
  agent?: boolean;
  /** A signal to init (containers). */
  signal?: boolean;
}

/** What goes with a deleted snapshot. */
export interface SnapshotDeleteFlags {
  /** Its descendants too. */
  children?: boolean;
  /** Its descendants, but not itself. */
  childrenOnly?: boolean;
  /** libvirt's record only: the data stay. */
  metadataOnly?: boolean;
}

/** How a snapshot is made. Without `disk_only` that of a running domain holds its memory too. */
export interface SnapshotFlags {
  /** Restore libvirt's record of a snapshot that is there already. */
  redefine?: boolean;
  /** With `redefine`: it becomes the current one. */
  current?: boolean;
  /** libvirt keeps no record of it. */
  noMetadata?: boolean;
  /** Stop the domain afterwards. */
  halt?: boolean;
  /** Disks only, not memory. */
  diskOnly?: boolean;
  /** External files are there already. */
  reuseExternal?: boolean;
  /** Freeze the guest's file systems meanwhile (guest agent, disk-only). */
  quiesce?: boolean;
  /** All disks or none. */
  atomic?: boolean;
  /** The guest runs while its memory is saved (external). */
  live?: boolean;
  /** Check the XML against the schema. */
  validate?: boolean;
}

/** A snapshot. */
export interface SnapshotRecord {
  /** Its name within the domain. */
  name: string;
  /** The one it was made on top of, null for a root. */
  parent: string | null;
  /** Whether the domain stands on it. */
  current: boolean;
  /** Whether libvirt keeps a record of it. */
  hasMetadata: boolean;
  /** The state the domain was in. */
  state: SnapshotState;
  /** Seconds since 1970. */
  createdAt: number;
}

/** How a domain starts. */
export interface StartFlags {
  /** With its CPUs stopped. */
  paused?: boolean;
  /** Stop it when this connection ends. */
  autoDestroy?: boolean;
  /** Read a saved state past the page cache. */
  bypassCache?: boolean;
  /** Throw a managed save away. */
  forceBoot?: boolean;
  /** Check the definition against the schema. */
  validate?: boolean;
}

/** Which statistics are asked for. */
export interface StatsQuery {
  state?: boolean;
  cpu?: boolean;
  balloon?: boolean;
  vcpu?: boolean;
  net?: boolean;
  block?: boolean;
  perf?: boolean;
  ioThread?: boolean;
  memory?: boolean;
  dirtyRate?: boolean;
  /** Only active domains. */
  activeOnly?: boolean;
  /** Leave out what would wait for a guest that doesn't answer. */
  noWait?: boolean;
}

/** A named value of the kind that libvirt expects for its name. */
export interface TypedParameter {
  name: string;
  kind: 'int' | 'uint' | 'llong' | 'ullong' | 'double' | 'boolean' | 'string';
  value: boolean | number | string;
}

/** What goes with the definition; libvirt refuses to undefine a domain that still has it. */
export interface UndefineFlags {
  managedSave?: boolean;
  snapshotsMetadata?: boolean;
  nvram?: boolean;
  keepNvram?: boolean;
  checkpointsMetadata?: boolean;
}

/** `vcpu.<index>.*` */
export interface VcpuStats {
  index: number;
  state: 'offline' | 'running' | 'blocked' | 'unknown';
  /** CPU time, nanoseconds. */
  timeNs?: number;
  /** Time spent waiting for a host CPU, nanoseconds. */
  waitNs?: number;
}

/** Version numbers, each major * 1000000 + minor * 1000 + release. */
export interface Versions {
  /** The libvirt that answers: the daemon's, or this process's for in-process drivers. */
  daemon: number;
  /** The hypervisor's, e.g. QEMU's. */
  hypervisor: number;
  /** The libvirt library that this process loaded. */
  library: number;
}

/** Type and size of a volume. */
export interface VolumeInfo {
  kind: VolumeType;
  /** What a guest sees. */
  capacityBytes: number;
  /** What it takes. */
  allocationBytes: number;
}

/** A volume. */
export interface VolumeRecord {
  /** Its name within the pool. */
  name: string;
  /** libvirt's own key of it. */
  key: string;
  /** Where it is on the host. */
  path: string;
}

/** What is in an XML description. */
export interface XmlFlags {
  /** With passwords; refused on read-only connections. */
  secure?: boolean;
  /** The definition for the next start, though it runs. */
  inactive?: boolean;
  /** In a form that another host can take. */
  migratable?: boolean;
}
