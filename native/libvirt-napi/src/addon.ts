// Generated from the Rust code by tools/generate-types.ts. Don't edit: npm run build:types -w @infinibay/libvirt
/* eslint-disable */
import type { DomainStateName, DomainStateReason, NetworkSection, PoolStateName, VolumeType } from './vocabulary.js';

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
  allDomainStats(query: StatsQuery, timeoutMs: number, token: number): Promise<Array<DomainStats>>;
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

/** One domain's statistics. Groups that were not asked for are empty. */
export interface DomainStats {
  uuid: string;
  name: string;
  state?: DomainStateName;
  reason?: DomainStateReason;
  cpu: CpuStats;
  balloon: BalloonStats;
  vcpus: Array<VcpuStats>;
  net: Array<NetStats>;
  block: Array<BlockStats>;
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
  onEvent: (
    kind: string,
    uuid?: string | null,
    name?: string | null,
    event?: string | null,
    detail?: string | null,
  ) => void,
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

/** How the guest is asked to go down; the hypervisor chooses when nothing is set. */
export interface ShutdownModes {
  /** The ACPI power button. */
  acpi?: boolean;
  /** The QEMU guest agent. */
  agent?: boolean;
  /** A signal to init (containers). */
  signal?: boolean;
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
  /** Only active domains. */
  activeOnly?: boolean;
  /** Leave out what would wait for a guest that doesn't answer. */
  noWait?: boolean;
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
