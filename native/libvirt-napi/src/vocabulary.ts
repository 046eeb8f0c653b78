/** Words for libvirt's numbers. A number of a newer libvirt reads `unknown`. */

/** `virDomainState` */
export type DomainStateName =
  'nostate' | 'running' | 'blocked' | 'paused' | 'shutdown' | 'shutoff' | 'crashed' | 'pmsuspended' | 'unknown';

/** Why a domain is in its state (`virDomainRunningReason` and its siblings). */
export type DomainStateReason =
  | 'unknown'
  | 'booted'
  | 'migrated'
  | 'restored'
  | 'from-snapshot'
  | 'unpaused'
  | 'migration-canceled'
  | 'save-canceled'
  | 'wakeup'
  | 'crashed'
  | 'postcopy'
  | 'postcopy-failed'
  | 'user'
  | 'migration'
  | 'save'
  | 'dump'
  | 'io-error'
  | 'watchdog'
  | 'shutting-down'
  | 'snapshot'
  | 'starting-up'
  | 'api-error'
  | 'shutdown'
  | 'destroyed'
  | 'saved'
  | 'failed'
  | 'daemon'
  | 'panicked';

/** `virDomainEventType` */
export type DomainEventName =
  | 'defined'
  | 'undefined'
  | 'started'
  | 'suspended'
  | 'resumed'
  | 'stopped'
  | 'shutdown'
  | 'pmsuspended'
  | 'crashed'
  | 'unknown';

/** What a domain's event adds (`virDomainEvent*DetailType`). */
export type DomainEventDetail =
  | 'added'
  | 'updated'
  | 'renamed'
  | 'from-snapshot'
  | 'removed'
  | 'booted'
  | 'migrated'
  | 'restored'
  | 'wakeup'
  | 'recreated'
  | 'paused'
  | 'io-error'
  | 'watchdog'
  | 'api-error'
  | 'postcopy'
  | 'postcopy-failed'
  | 'guest-shutdown'
  | 'unpaused'
  | 'shutdown'
  | 'destroyed'
  | 'crashed'
  | 'saved'
  | 'failed'
  | 'finished'
  | 'guest'
  | 'host'
  | 'memory'
  | 'disk'
  | 'panicked'
  | 'crashloaded'
  | 'unknown';

/** `virNetworkEventLifecycleType` */
export type NetworkEventName = 'defined' | 'undefined' | 'started' | 'stopped' | 'unknown';

/** Why the link to the daemon broke (`virConnectCloseReason`). */
export type DisconnectReason = 'error' | 'eof' | 'keepalive' | 'client' | 'unknown';

/** `virStoragePoolState` */
export type PoolStateName = 'inactive' | 'building' | 'running' | 'degraded' | 'inaccessible' | 'unknown';

/** `virStorageVolType` */
export type VolumeType = 'file' | 'block' | 'dir' | 'network' | 'netdir' | 'ploop' | 'unknown';

/** Which part of a network an update is about (`virNetworkUpdateSection`). */
export type NetworkSection =
  | 'bridge'
  | 'domain'
  | 'ip'
  | 'ip-dhcp-host'
  | 'ip-dhcp-range'
  | 'forward'
  | 'forward-interface'
  | 'forward-pf'
  | 'portgroup'
  | 'dns-host'
  | 'dns-txt'
  | 'dns-srv';

/** The state of a domain when its snapshot was made (`virDomainSnapshotState`). */
export type SnapshotState = DomainStateName | 'disk-snapshot';

/** `virDomainJobType`; `none` when nothing runs. */
export type JobType = 'none' | 'bounded' | 'unbounded' | 'completed' | 'failed' | 'cancelled' | 'unknown';

/** `virDomainBlockJobType` */
export type BlockJobType = 'pull' | 'copy' | 'commit' | 'active-commit' | 'backup' | 'unknown';

/** How the host's CPU compares to another (`virCPUCompareResult`): `superset` has all of it and more. */
export type CpuComparison = 'incompatible' | 'identical' | 'superset' | 'unknown';
