export type {
  Affect,
  BalloonStats,
  BlockStats,
  CapabilityQuery,
  CpuStats,
  DhcpLease,
  DomainFilter,
  DomainInfo,
  DomainRecord,
  DomainState,
  DomainStats,
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
  ShutdownModes,
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
export { Domain, Domains, type MetadataKey, type StatsGroup } from './domain.js';
export {
  BINDING_CODES,
  isLibvirtErrorCode,
  type KnownCode,
  LIBVIRT_CODES,
  LibvirtError,
  type LibvirtErrorCode,
  type LibvirtErrorFields,
} from './errors.js';
export type {
  ConnectionEvent,
  ConnectionEventMap,
  DisconnectedEvent,
  DomainLifecycleEvent,
  EventStream,
  NetworkLifecycleEvent,
  OverflowEvent,
  ReconnectedEvent,
  StreamedEvent,
} from './events.js';
export { Network, Networks } from './network.js';
export { NwFilter, NwFilters } from './nwfilter.js';
export { StoragePool, StoragePools, StorageVolume } from './storage.js';
export type {
  DisconnectReason,
  DomainEventDetail,
  DomainEventName,
  DomainStateName,
  DomainStateReason,
  NetworkEventName,
  NetworkSection,
  PoolStateName,
  VolumeType,
} from './vocabulary.js';
