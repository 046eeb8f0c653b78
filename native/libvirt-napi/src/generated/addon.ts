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
} from '../vocabulary.js';

/** A connection. Every call ends with its deadline in ms (0: the connection's) and a token (0: can't be cancelled). */
export declare class NativeConnection {
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
    checkpointXml: string | undefined | null,
    reuseExternal: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  backupXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
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
  findDomainByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineDomain(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  findDomain(uuid: string, timeoutMs: number, token: number): Promise<ObjectName>;
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
    xml: string | undefined | null,
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
  guestTime(uuid: string, timeoutMs: number, token: number): Promise<GuestTime>;
  setGuestTime(
    uuid: string,
    seconds: number,
    nanoseconds: number,
    sync: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  setUserPassword(
    uuid: string,
    user: string,
    password: string,
    encrypted: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  sshKeys(uuid: string, user: string, timeoutMs: number, token: number): Promise<Array<string>>;
  setSshKeys(
    uuid: string,
    user: string,
    keys: Array<string>,
    change: SshKeysChange,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  fileSystems(uuid: string, timeoutMs: number, token: number): Promise<Array<FileSystem>>;
  trimFileSystems(
    uuid: string,
    mountPoint: string | undefined | null,
    minimumBytes: number,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  guestVcpus(uuid: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  setGuestVcpus(uuid: string, cpus: string, online: boolean, timeoutMs: number, token: number): Promise<undefined>;
  guestHostname(uuid: string, lease: boolean, agent: boolean, timeoutMs: number, token: number): Promise<string>;
  setAgentTimeout(uuid: string, seconds: number, timeoutMs: number, token: number): Promise<undefined>;
  isDomainUpdated(uuid: string, timeoutMs: number, token: number): Promise<boolean>;
  osType(uuid: string, timeoutMs: number, token: number): Promise<string>;
  controlInfo(uuid: string, timeoutMs: number, token: number): Promise<ControlInfo>;
  domainMessages(uuid: string, timeoutMs: number, token: number): Promise<Array<string>>;
  securityLabels(uuid: string, timeoutMs: number, token: number): Promise<Array<SecurityLabel>>;
  launchSecurity(uuid: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  setLaunchSecurity(
    uuid: string,
    parameters: Array<TypedParameter>,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  cpuUsage(uuid: string, timeoutMs: number, token: number): Promise<NativeCpuUsage>;
  diskErrors(uuid: string, timeoutMs: number, token: number): Promise<Array<DiskError>>;
  perfEvents(uuid: string, affect: Affect, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  setPerfEvents(
    uuid: string,
    parameters: Array<TypedParameter>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  interfaceTune(
    uuid: string,
    device: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<Array<TypedParameter>>;
  setInterfaceTune(
    uuid: string,
    device: string,
    parameters: Array<TypedParameter>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  peekMemory(
    uuid: string,
    start: number,
    length: number,
    physical: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<Buffer>;
  peekDisk(
    uuid: string,
    disk: string,
    offset: number,
    length: number,
    timeoutMs: number,
    token: number,
  ): Promise<Buffer>;
  startDirtyRate(uuid: string, seconds: number, timeoutMs: number, token: number): Promise<undefined>;
  monitorCommand(uuid: string, command: string, human: boolean, timeoutMs: number, token: number): Promise<string>;
  dumpCore(
    uuid: string,
    path: string,
    format: string,
    flags: DumpFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  injectNmi(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  signalProcess(uuid: string, pid: number, signal: number, timeoutMs: number, token: number): Promise<undefined>;
  setBlockThreshold(uuid: string, disk: string, bytes: number, timeoutMs: number, token: number): Promise<undefined>;
  setLifecycleAction(
    uuid: string,
    when: string,
    action: string,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  setMemoryStatsPeriod(
    uuid: string,
    seconds: number,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  managedSaveXml(uuid: string, secure: boolean, timeoutMs: number, token: number): Promise<string>;
  setManagedSaveXml(uuid: string, xml: string, flags: SaveFlags, timeoutMs: number, token: number): Promise<undefined>;
  findDomainById(id: number, timeoutMs: number, token: number): Promise<ObjectName>;
  maxVcpus(kind: string | undefined | null, timeoutMs: number, token: number): Promise<number>;
  convertDomainXml(
    format: string,
    config: string,
    toNative: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<string>;
  savedXml(path: string, secure: boolean, timeoutMs: number, token: number): Promise<string>;
  setSavedXml(path: string, xml: string, flags: SaveFlags, timeoutMs: number, token: number): Promise<undefined>;
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
    base: string | undefined | null,
    top: string | undefined | null,
    bandwidth: number,
    flags: CommitFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  blockPull(
    uuid: string,
    disk: string,
    base: string | undefined | null,
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
  listDomains(filter: DomainFilter, timeoutMs: number, token: number): Promise<Array<DomainRecord>>;
  restoreDomain(
    path: string,
    xml: string | undefined | null,
    flags: SaveFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  createDomain(xml: string, flags: StartFlags, timeoutMs: number, token: number): Promise<ObjectName>;
  managedSave(uuid: string, flags: SaveFlags, timeoutMs: number, token: number): Promise<undefined>;
  hasManagedSave(uuid: string, timeoutMs: number, token: number): Promise<boolean>;
  removeManagedSave(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  saveDomain(
    uuid: string,
    path: string,
    xml: string | undefined | null,
    flags: SaveFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  renameDomain(uuid: string, name: string, timeoutMs: number, token: number): Promise<undefined>;
  pmSuspendDomain(
    uuid: string,
    target: 'memory' | 'disk' | 'hybrid',
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  pmWakeUpDomain(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  jobStats(uuid: string, completed: boolean, timeoutMs: number, token: number): Promise<NativeJobStats>;
  abortJob(uuid: string, postcopy: boolean, timeoutMs: number, token: number): Promise<undefined>;
  allDomainStats(query: StatsQuery, timeoutMs: number, token: number): Promise<string>;
  pinEmulator(uuid: string, cpus: Array<number>, affect: Affect, timeoutMs: number, token: number): Promise<undefined>;
  emulatorPin(uuid: string, affect: Affect, timeoutMs: number, token: number): Promise<Array<number>>;
  ioThreads(uuid: string, affect: Affect, timeoutMs: number, token: number): Promise<Array<IoThread>>;
  addIoThread(uuid: string, id: number, affect: Affect, timeoutMs: number, token: number): Promise<undefined>;
  removeIoThread(uuid: string, id: number, affect: Affect, timeoutMs: number, token: number): Promise<undefined>;
  pinIoThread(
    uuid: string,
    id: number,
    cpus: Array<number>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  tuneIoThread(
    uuid: string,
    id: number,
    parameters: Array<TypedParameter>,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  setVcpuState(
    uuid: string,
    vcpus: string,
    online: boolean,
    affect: Affect,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
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
  /** Panics on a worker thread, for the test that a panic becomes a rejection. */
  panicForTest(message: string): Promise<undefined>;
  /** Holds a worker, for the tests of deadlines and caps. */
  blockForTest(uuid: string, forMs: number, timeoutMs: number, token: number): Promise<undefined>;
  hostCpuStats(cpu: number | null, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  hostMemoryStats(cell: number | null, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  cellsFreeMemory(timeoutMs: number, token: number): Promise<Array<number>>;
  cpuModels(arch: string, timeoutMs: number, token: number): Promise<Array<string>>;
  compareCpu(xml: string, timeoutMs: number, token: number): Promise<CpuComparison>;
  baselineCpu(cpus: Array<string>, timeoutMs: number, token: number): Promise<string>;
  systemInfo(timeoutMs: number, token: number): Promise<string>;
  linkSecurity(timeoutMs: number, token: number): Promise<LinkSecurity>;
  compareHypervisorCpu(xml: string, query: CapabilityQuery, timeoutMs: number, token: number): Promise<string>;
  baselineHypervisorCpu(cpus: Array<string>, query: CapabilityQuery, timeoutMs: number, token: number): Promise<string>;
  hostMemoryParameters(timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  setHostMemoryParameters(parameters: Array<TypedParameter>, timeoutMs: number, token: number): Promise<undefined>;
  freePages(
    sizesKib: Array<number>,
    firstCell: number,
    cells: number,
    timeoutMs: number,
    token: number,
  ): Promise<Array<Array<number>>>;
  allocatePages(
    pages: Array<PageCount>,
    cell: number | undefined | null,
    add: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<number>;
  sevInfo(timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  securityModel(timeoutMs: number, token: number): Promise<SecurityModel>;
  suspendHost(target: string, seconds: number, timeoutMs: number, token: number): Promise<undefined>;
  listInterfaces(timeoutMs: number, token: number): Promise<Array<InterfaceRecord>>;
  findInterface(name: string, timeoutMs: number, token: number): Promise<InterfaceRecord>;
  findInterfaceByMac(mac: string, timeoutMs: number, token: number): Promise<InterfaceRecord>;
  defineInterface(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<InterfaceRecord>;
  actOnInterface(name: string, action: string, timeoutMs: number, token: number): Promise<undefined>;
  interfaceXml(name: string, inactive: boolean, timeoutMs: number, token: number): Promise<string>;
  changeInterfaces(change: string, timeoutMs: number, token: number): Promise<undefined>;
  migrateDomain(
    uuid: string,
    uri: string,
    parameters: Array<TypedParameter>,
    flags: MigrateFlags,
    timeoutMs: number,
    token: number,
  ): Promise<ObjectName>;
  migrateDomainToUri(
    uuid: string,
    uri: string,
    parameters: Array<TypedParameter>,
    flags: MigrateFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  startPostcopy(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  migrationLimit(uuid: string, limit: string, timeoutMs: number, token: number): Promise<number>;
  setMigrationLimit(uuid: string, limit: string, value: number, timeoutMs: number, token: number): Promise<undefined>;
  listNetworks(timeoutMs: number, token: number): Promise<Array<NetworkRecord>>;
  findNetworkByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineNetwork(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  createNetwork(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  findNetwork(uuid: string, timeoutMs: number, token: number): Promise<ObjectName>;
  startNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  destroyNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  undefineNetwork(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  updateNetwork(uuid: string, update: NetworkUpdate, timeoutMs: number, token: number): Promise<undefined>;
  networkRecord(uuid: string, timeoutMs: number, token: number): Promise<NetworkRecord>;
  setNetworkAutostart(uuid: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  networkXml(uuid: string, inactive: boolean, timeoutMs: number, token: number): Promise<string>;
  networkBridge(uuid: string, timeoutMs: number, token: number): Promise<string>;
  dhcpLeases(uuid: string, mac: string | undefined | null, timeoutMs: number, token: number): Promise<Array<DhcpLease>>;
  listPorts(uuid: string, timeoutMs: number, token: number): Promise<Array<string>>;
  createPort(uuid: string, xml: string, validate: boolean, timeoutMs: number, token: number): Promise<string>;
  deletePort(uuid: string, port: string, timeoutMs: number, token: number): Promise<undefined>;
  portXml(uuid: string, port: string, timeoutMs: number, token: number): Promise<string>;
  portParameters(uuid: string, port: string, timeoutMs: number, token: number): Promise<Array<TypedParameter>>;
  setPortParameters(
    uuid: string,
    port: string,
    parameters: Array<TypedParameter>,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  listNodeDevices(
    capabilities: Array<string>,
    inactive: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<Array<NodeDeviceRecord>>;
  findNodeDevice(name: string, timeoutMs: number, token: number): Promise<NodeDeviceRecord>;
  findScsiHost(node: string, port: string, timeoutMs: number, token: number): Promise<NodeDeviceRecord>;
  createNodeDevice(xml: string, define: boolean, timeoutMs: number, token: number): Promise<NodeDeviceRecord>;
  nodeDeviceXml(name: string, timeoutMs: number, token: number): Promise<string>;
  detachNodeDevice(
    name: string,
    driver: string | undefined | null,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  actOnNodeDevice(name: string, action: string, timeoutMs: number, token: number): Promise<undefined>;
  nodeDeviceState(name: string, timeoutMs: number, token: number): Promise<NodeDeviceState>;
  nodeDeviceAutostart(name: string, timeoutMs: number, token: number): Promise<boolean>;
  setNodeDeviceAutostart(name: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  listNwFilters(timeoutMs: number, token: number): Promise<Array<ObjectName>>;
  findNwFilterByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  defineNwFilter(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  listNwFilterBindings(timeoutMs: number, token: number): Promise<Array<NwFilterBinding>>;
  findFilterBinding(portDev: string, timeoutMs: number, token: number): Promise<NwFilterBinding>;
  createFilterBinding(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<NwFilterBinding>;
  deleteFilterBinding(portDev: string, timeoutMs: number, token: number): Promise<undefined>;
  filterBindingXml(portDev: string, timeoutMs: number, token: number): Promise<string>;
  undefineNwFilter(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  nwFilterXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  listSecrets(timeoutMs: number, token: number): Promise<Array<SecretRecord>>;
  findSecretByUsage(usage: string, usageId: string, timeoutMs: number, token: number): Promise<SecretRecord>;
  defineSecret(xml: string, validate: boolean, timeoutMs: number, token: number): Promise<SecretRecord>;
  findSecret(uuid: string, timeoutMs: number, token: number): Promise<SecretRecord>;
  undefineSecret(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  secretXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  secretValue(uuid: string, timeoutMs: number, token: number): Promise<Buffer>;
  setSecretValue(uuid: string, value: Buffer, timeoutMs: number, token: number): Promise<undefined>;
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
  listPools(timeoutMs: number, token: number): Promise<Array<PoolRecord>>;
  findPoolByName(name: string, timeoutMs: number, token: number): Promise<ObjectName>;
  definePool(xml: string, timeoutMs: number, token: number): Promise<ObjectName>;
  findPoolByPath(path: string, timeoutMs: number, token: number): Promise<ObjectName>;
  createPool(xml: string, build: boolean, timeoutMs: number, token: number): Promise<ObjectName>;
  findPoolSources(kind: string, source: string | undefined | null, timeoutMs: number, token: number): Promise<string>;
  poolCapabilities(timeoutMs: number, token: number): Promise<string>;
  buildPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  startPool(uuid: string, build: boolean, timeoutMs: number, token: number): Promise<undefined>;
  destroyPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  undefinePool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  refreshPool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  setPoolAutostart(uuid: string, autostart: boolean, timeoutMs: number, token: number): Promise<undefined>;
  poolInfo(uuid: string, timeoutMs: number, token: number): Promise<PoolInfo>;
  poolXml(uuid: string, timeoutMs: number, token: number): Promise<string>;
  findPool(uuid: string, timeoutMs: number, token: number): Promise<ObjectName>;
  deletePool(uuid: string, timeoutMs: number, token: number): Promise<undefined>;
  findVolumeBy(pathOrKey: string, byKey: boolean, timeoutMs: number, token: number): Promise<FoundVolume>;
  listVolumes(uuid: string, timeoutMs: number, token: number): Promise<Array<VolumeRecord>>;
  findVolume(uuid: string, name: string, timeoutMs: number, token: number): Promise<VolumeRecord>;
  createVolume(
    uuid: string,
    xml: string,
    preallocateMetadata: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<VolumeRecord>;
  deleteVolume(uuid: string, name: string, timeoutMs: number, token: number): Promise<undefined>;
  volumeInfo(uuid: string, name: string, timeoutMs: number, token: number): Promise<VolumeInfo>;
  resizeVolume(
    uuid: string,
    name: string,
    bytes: number,
    flags: ResizeFlags,
    timeoutMs: number,
    token: number,
  ): Promise<undefined>;
  volumeXml(uuid: string, name: string, timeoutMs: number, token: number): Promise<string>;
  cloneVolume(
    uuid: string,
    xml: string,
    sourcePool: string,
    source: string,
    reflink: boolean,
    timeoutMs: number,
    token: number,
  ): Promise<VolumeRecord>;
  wipeVolume(uuid: string, name: string, algorithm: string, timeoutMs: number, token: number): Promise<undefined>;
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
  /** Opens a stream with a connection of its own. */
  openStream(uuid: string, target: StreamTarget, timeoutMs: number): Promise<NativeStream>;
  openGraphics(uuid: string, screen: number, skipAuth: boolean, timeoutMs: number, token: number): Promise<number>;
}

/** A console or a channel that is open. `read` gives nothing at its end. */
export declare class NativeStream {
  read(): Promise<Buffer>;
  write(data: Buffer): Promise<undefined>;
  close(abort: boolean): Promise<undefined>;
}

/** Which configuration a change is for; the current one when neither is set. */
export interface Affect {
  /** The running domain. */
  live?: boolean;
  /** The persistent definition. */
  config?: boolean;
}

/**
 * Bytes that the process has from malloc and has not given back: the binding, libvirt, and Node beside V8's heap. What
 * resident memory says of a leak is lost in what allocators keep for later.
 */
export declare function allocatedForTest(): number;

/** Answers the requests of a `credentials` event, in their order; nothing gives up. */
export declare function answerCredentials(
  id: number,
  answers?: Array<string | undefined | null> | undefined | null,
): void;

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

/** How the hypervisor's own process does. */
export interface ControlInfo {
  /** `ok`, `job`, `occupied` (for a call that has to wait) or `error` */
  state: string;
  /** Why, for `error`: `none`, `unknown`, `monitor` or `internal`. */
  details: string;
  /** How long it has been so. */
  sinceMs: number;
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

/** A disk with an error. */
export interface DiskError {
  /** e.g. `vda` */
  disk: string;
  /** `unspecified` or `no-space` */
  error: string;
}

/**
 * Which domains a list holds; all when nothing is set. Of one group (`active` and `inactive`; `persistent` and
 * `transient`; the states) any is enough, and of several groups each counts.
 */
export interface DomainFilter {
  active?: boolean;
  inactive?: boolean;
  persistent?: boolean;
  transient?: boolean;
  running?: boolean;
  paused?: boolean;
  shutoff?: boolean;
  /** In any other state. */
  other?: boolean;
  /** With a managed save. */
  managedSave?: boolean;
  /** Starting with the daemon. */
  autostart?: boolean;
  hasSnapshot?: boolean;
  hasCheckpoint?: boolean;
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

/** How a core dump is taken; the domain stands still meanwhile unless `live` is set. */
export interface DumpFlags {
  /** It runs on. */
  live?: boolean;
  /** It is off afterwards. */
  crash?: boolean;
  /** It is reset afterwards. */
  reset?: boolean;
  /** Past the page cache. */
  bypassCache?: boolean;
  /** The guest's memory without the state of devices. */
  memoryOnly?: boolean;
}

/** A mounted file system of a guest. */
export interface FileSystem {
  mountPoint: string;
  /** The guest's name of its device, e.g. `vda1`. */
  device: string;
  /** e.g. `ext4` */
  kind: string;
  /** Targets of the disks that it lies on, e.g. `vda`. */
  disks: Array<string>;
}

/** A volume and the pool that it is in. */
export interface FoundVolume {
  pool: ObjectName;
  volume: VolumeRecord;
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

/** The guest's clock. */
export interface GuestTime {
  /** Since the epoch. */
  seconds: number;
  nanoseconds: number;
}

/** An interface as its source sees it. */
export interface InterfaceAddresses {
  /** Name on the host (lease, arp) or in the guest (agent). */
  name: string;
  mac: string | null;
  addresses: Array<IpAddress>;
}

/** An interface of the host. */
export interface InterfaceRecord {
  name: string;
  /** Empty when it has none. */
  mac: string;
  active: boolean;
}

/** A thread that does the I/O of some disks. */
export interface IoThread {
  /** Its number, from 1. */
  id: number;
  /** The host's CPUs that it may run on. */
  cpus: Array<number>;
}

/** An address with its prefix length in bits. */
export interface IpAddress {
  family: 'ipv4' | 'ipv6' | 'unknown';
  address: string;
  prefix: number;
}

/** How the link to the daemon is kept. */
export interface LinkSecurity {
  /** Nobody can listen: encrypted, or never leaves the host. */
  secure: boolean;
  encrypted: boolean;
}

/** How a domain is migrated. */
export interface MigrateFlags {
  /** It runs on meanwhile. */
  live?: boolean;
  /** The source's daemon connects to the destination's; the client may go away. */
  peerToPeer?: boolean;
  /** Its memory goes through the daemons' own connection; only from daemon to daemon. */
  tunnelled?: boolean;
  /** Its definition stays at the destination. */
  persistDest?: boolean;
  /** Its definition goes at the source. */
  undefineSource?: boolean;
  /** It is paused at the destination. */
  paused?: boolean;
  /** Its disks are copied whole. */
  copyAllDisks?: boolean;
  /** Its disks are copied where they differ from their backing files. */
  copyDiskDifferences?: boolean;
  /** Nobody may change its definition meanwhile. */
  changeProtection?: boolean;
  /** Though caching of its disks makes it unsafe. */
  unsafe?: boolean;
  /** Its definition alone; it need not run. */
  offline?: boolean;
  /** Its memory is compressed. */
  compressed?: boolean;
  /** Given up at an error of a disk. */
  abortOnError?: boolean;
  /** Its CPUs are slowed down until it converges. */
  autoConverge?: boolean;
  /** All its memory is pinned for RDMA. */
  rdmaPinAll?: boolean;
  /** It may be switched to post-copy. */
  postcopy?: boolean;
  /** Memory and disks are encrypted by TLS. */
  tls?: boolean;
  /** Over many connections at once. */
  parallel?: boolean;
  /** Disks of other machines are written straight. */
  nonSharedSynchronousWrites?: boolean;
  /** Goes on with a post-copy migration that failed. */
  postcopyResume?: boolean;
  /** Zero copy between QEMUs. */
  zeroCopy?: boolean;
}

/** CPU time of a domain, under libvirt's names: `cpu_time`, `user_time`, `system_time`, `vcpu_time`, ns. */
export interface NativeCpuUsage {
  total: Array<TypedParameter>;
  /** By host CPU. */
  perCpu: Array<Array<TypedParameter>>;
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
  /** Seconds between two probes, and how many may stay unanswered. */
  keepAliveSeconds: number;
  keepAliveCount: number;
  /** Whether `credentials` events are answered. */
  asksCredentials: boolean;
  monitorEvents: boolean;
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

/** A device of the host. */
export interface NodeDeviceRecord {
  /** e.g. `pci_0000_00_1f_2` */
  name: string;
  /** The device that it hangs on; absent for the root. */
  parent?: string;
  /** What it is, e.g. `pci`, `net`, `mdev_types`. */
  capabilities: Array<string>;
}

/** Whether a device is there, and whether its definition stays. */
export interface NodeDeviceState {
  active: boolean;
  persistent: boolean;
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

/** Huge pages of one size to be kept ready. */
export interface PageCount {
  /** Of one page. */
  sizeKib: number;
  count: number;
}

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

/** A secret, without its value. */
export interface SecretRecord {
  uuid: string;
  /** `none`, `volume`, `ceph`, `iscsi`, `tls` or `vtpm` */
  usage: string;
  /** What it is for, e.g. the path of a volume; empty for `none`. */
  usageId: string;
}

/** A label of a security driver. */
export interface SecurityLabel {
  label: string;
  enforcing: boolean;
}

/** The host's security driver. */
export interface SecurityModel {
  /** e.g. `selinux`; empty for none. */
  model: string;
  /** What its labels mean. */
  interpretation: string;
}

/** How the guest is asked to go down; the hypervisor chooses when nothing is set. */
export interface ShutdownModes {
  /** The ACPI power button. */
  acpi?: boolean;
  /** The QEMU guest agent. */
  agent?: boolean;
  /** A signal to init (containers). */
  signal?: boolean;
  /** /dev/initctl (containers). */
  initctl?: boolean;
  /** The hypervisor's own way (Xen). */
  paravirt?: boolean;
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

/** What becomes of a user's keys; they are replaced when nothing is set. */
export interface SshKeysChange {
  /** Added to those that are there. */
  append?: boolean;
  /** Taken away from those that are there. */
  remove?: boolean;
}

/** How a domain starts. */
export interface StartFlags {
  /** With its CPUs stopped. */
  paused?: boolean;
  /** Stop it when this connection ends, or is lost. */
  autoDestroy?: boolean;
  /** Read a saved state past the page cache. */
  bypassCache?: boolean;
  /** Throw a managed save away. */
  forceBoot?: boolean;
  /** Check the definition against the schema. */
  validate?: boolean;
  /** Begin with a fresh NVRAM. */
  resetNvram?: boolean;
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

/** What of a domain is opened. */
export interface StreamTarget {
  channel: boolean;
  device?: string;
  force: boolean;
  safe: boolean;
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
  /** The state of its TPM. */
  tpm?: boolean;
  keepTpm?: boolean;
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
