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
  CopyFlags,
  CpuStats,
  DhcpLease,
  DomainFilter,
  DomainInfo,
  DomainRecord,
  DomainState,
  GuestInfoQuery,
  InterfaceAddresses,
  IpAddress,
  NetStats,
  NetworkRecord,
  NetworkUpdate,
  NodeInfo,
  NwFilterBinding,
  ObjectName,
  PoolInfo,
  PoolRecord,
  ResizeFlags,
  RevertFlags,
  SaveFlags,
  Screenshot,
  ShutdownModes,
  SnapshotDeleteFlags,
  SnapshotFlags,
  SnapshotRecord,
  StartFlags,
  UndefineFlags,
  VcpuStats,
  Versions,
  VolumeInfo,
  VolumeRecord,
  XmlFlags,
} from './addon.js';
export type { CallOptions } from './calls.js';
export { Connection, type EventStreamOptions, type OpenOptions } from './connection.js';
export { type CommitRange, type CopyTuning, Disk, type IoTune } from './disk.js';
export { Domain, Domains, type JobStats, type MetadataKey, type SaveOptions } from './domain.js';
export type { DomainStats, StatsGroup, StatsOptions } from './domain-stats.js';
export {
  BINDING_CODES,
  isLibvirtErrorCode,
  type KnownCode,
  LIBVIRT_CODES,
  LibvirtError,
  type LibvirtErrorCode,
  type LibvirtErrorFields,
} from './errors.js';
export type * from './domain-events.js';
export type { EventStream, OverflowEvent, StreamedEvent } from './event-stream.js';
export type * from './events.js';
export { Guest } from './guest.js';
export { Host } from './host.js';
export { Network, Networks } from './network.js';
export { NwFilter, NwFilters } from './nwfilter.js';
export type { Parameters } from './parameters.js';
export {
  Backup,
  type BackupOptions,
  Checkpoints,
  Snapshot,
  type SnapshotNode,
  Snapshots,
  snapshotTree,
} from './snapshots.js';
export { StoragePool, StoragePools, StorageVolume } from './storage.js';
export { Tuning, type TuningKind, type TuningValues } from './tuning.js';
export type { DownloadOptions, TransferOptions } from './volume-data.js';
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
