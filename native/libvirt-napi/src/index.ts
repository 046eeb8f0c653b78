export type {
  Affect,
  BalloonStats,
  BlockInfo,
  BlockJob,
  BlockStats,
  CapabilityQuery,
  CheckpointDeleteFlags,
  CheckpointFlags,
  CheckpointRecord,
  CheckpointXmlFlags,
  CommitFlags,
  ControlInfo,
  CopyFlags,
  CpuStats,
  DhcpLease,
  DiskError,
  DomainFilter,
  DomainInfo,
  DomainRecord,
  DomainState,
  DumpFlags,
  FileSystem,
  GuestInfoQuery,
  GuestTime,
  InterfaceAddresses,
  IoThread,
  IpAddress,
  LinkSecurity,
  MigrateFlags,
  NetStats,
  NetworkRecord,
  NetworkUpdate,
  NodeDeviceState,
  NodeInfo,
  NwFilterBinding,
  ObjectName,
  PageCount,
  PoolInfo,
  PoolRecord,
  ResizeFlags,
  RevertFlags,
  SaveFlags,
  Screenshot,
  SecurityLabel,
  ShutdownModes,
  SnapshotDeleteFlags,
  SnapshotFlags,
  SnapshotRecord,
  SshKeysChange,
  StartFlags,
  UndefineFlags,
  VcpuStats,
  Versions,
  VolumeInfo,
  VolumeRecord,
  XmlFlags,
} from './generated/addon.js';
export type { CallOptions } from './calls.js';
export { Connection, type EventStreamOptions, type OpenOptions } from './connection.js';
export type { CredentialAnswers, CredentialRequest, CredentialsProvider } from './credentials.js';
export { type CommitRange, type CopyTuning, Disk, type IoTune } from './domain-disk.js';
export { type CpuUsage, Diagnostics, type DumpFormat, type PerfEvents } from './domain-diagnostics.js';
export {
  Domain,
  type JobStats,
  type LaunchSecret,
  type LifecycleAction,
  type MetadataKey,
  type SaveOptions,
} from './domain.js';
export { Domains } from './domain-list.js';
export type { DomainStats, StatsGroup, StatsOptions } from './domain-stats.js';
export {
  BINDING_CODES,
  isLibvirtErrorCode,
  type KnownCode,
  LIBVIRT_CODES,
  LibvirtError,
  type LibvirtErrorCode,
  type LibvirtErrorFields,
} from './error.js';
export type * from './domain-events.js';
export type { EventStream, OverflowEvent, StreamedEvent } from './event-stream.js';
export type * from './events.js';
export { Guest } from './domain-guest.js';
export { type ChannelOptions, type ConsoleOptions, GuestStream } from './stream.js';
export { Host, type HostMemoryTuning } from './host.js';
export { HostInterface, HostInterfaces } from './interface.js';
export { IoThreads, type IoThreadTuning } from './domain-threads.js';
export { type MigrateOptions, type MigrateParameters, Migration, type MigrationLimit } from './migration.js';
export { Network, Networks } from './network.js';
export { NetworkPort, type PortBandwidth } from './network-port.js';
export { NodeDevice, type NodeDeviceCapability, type NodeDeviceFilter, NodeDevices } from './node-device.js';
export { NwFilter, NwFilters } from './nwfilter.js';
export type { Parameters } from './parameters.js';
export { Backup, type BackupOptions, Checkpoints } from './checkpoint.js';
export { Snapshot, type SnapshotNode, Snapshots, snapshotTree } from './snapshot.js';
export { Secret, Secrets } from './secret.js';
export { StoragePool, StoragePools } from './storage-pool.js';
export { StorageVolume, type WipeAlgorithm } from './storage-volume.js';
export { type InterfaceBandwidth, Tuning, type TuningKind, type TuningValues } from './domain-tuning.js';
export type { DownloadOptions, TransferOptions } from './storage-volume-data.js';
export type {
  BlockJobType,
  CpuComparison,
  DisconnectReason,
  DomainEventDetail,
  DomainEventName,
  DomainStateName,
  DomainStateReason,
  JobType,
  NetworkEventName,
  NetworkSection,
  PoolStateName,
  SnapshotState,
  VolumeType,
} from './vocabulary.js';
