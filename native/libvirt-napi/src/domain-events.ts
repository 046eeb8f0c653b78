import type { Parameters } from './parameters.js';
import type { BlockJobType } from './vocabulary.js';

/** What every event of a domain has. */
interface OfDomain<K extends string> {
  readonly kind: K;
  readonly uuid: string;
  /** At that moment. */
  readonly name: string;
}

/** What the daemon did at an error of a disk. */
export type IoErrorAction = 'none' | 'pause' | 'report' | 'unknown';

/** How a block job stands. */
export type BlockJobStatus = 'completed' | 'failed' | 'canceled' | 'ready' | 'unknown';

/** One end of a connection to a screen. */
export interface GraphicsAddress {
  readonly family: 'ipv4' | 'ipv6' | 'unix' | 'unknown';
  readonly node: string | null;
  /** Port or socket. */
  readonly service: string | null;
}

/** The guest restarted itself, or was reset. */
export type DomainRebootEvent = OfDomain<'reboot'>;

/** The guest set its clock. */
export interface DomainRtcChangeEvent extends OfDomain<'rtcChange'> {
  /** Its distance from UTC, seconds. */
  readonly utcOffsetSeconds: number;
}

/** The guest's watchdog fired. */
export interface DomainWatchdogEvent extends OfDomain<'watchdog'> {
  /** What was done. */
  readonly action: 'none' | 'pause' | 'reset' | 'poweroff' | 'shutdown' | 'debug' | 'inject-nmi' | 'unknown';
}

/** A disk could not be read or written. */
export interface DomainIoErrorEvent extends OfDomain<'ioError'> {
  readonly path: string | null;
  readonly alias: string | null;
  readonly action: IoErrorAction;
}

/** As `ioError`, with the reason. */
export interface DomainIoErrorReasonEvent extends OfDomain<'ioErrorReason'> {
  readonly path: string | null;
  readonly alias: string | null;
  readonly action: IoErrorAction;
  /** e.g. `enospc`; empty when unknown. */
  readonly reason: string | null;
}

/** Somebody connected to, authenticated at or left the screen. */
export interface DomainGraphicsEvent extends OfDomain<'graphics'> {
  readonly phase: 'connect' | 'initialize' | 'disconnect' | 'unknown';
  readonly local: GraphicsAddress | null;
  readonly remote: GraphicsAddress | null;
  readonly authScheme: string | null;
  /** Who authenticated. */
  readonly identities: readonly { readonly type: string | null; readonly name: string | null }[];
}

/** The daemon lost control of the guest's process. */
export type DomainControlErrorEvent = OfDomain<'controlError'>;

/** As `blockJob`, with the path of the disk's source. */
export interface DomainBlockJobPathEvent extends OfDomain<'blockJobPath'> {
  readonly path: string | null;
  readonly job: BlockJobType;
  readonly status: BlockJobStatus;
}

/** A job on a disk ended, failed, or may be pivoted (`ready`). */
export interface DomainBlockJobEvent extends OfDomain<'blockJob'> {
  /** Its target, e.g. `vda`. */
  readonly disk: string | null;
  readonly job: BlockJobType;
  readonly status: BlockJobStatus;
}

/** A disk without its source was dropped at the start. */
export interface DomainDiskChangeEvent extends OfDomain<'diskChange'> {
  readonly oldPath: string | null;
  readonly newPath: string | null;
  readonly alias: string | null;
  readonly reason: 'missing-on-start' | 'drop-missing-on-start' | 'unknown';
}

/** The guest opened or closed the tray of a drive. */
export interface DomainTrayChangeEvent extends OfDomain<'trayChange'> {
  readonly alias: string | null;
  readonly tray: 'open' | 'closed' | 'unknown';
}

/** The guest woke up. */
export type DomainPmWakeUpEvent = OfDomain<'pmWakeUp'>;

/** The guest went to sleep. */
export type DomainPmSuspendEvent = OfDomain<'pmSuspend'>;

/** The guest went to sleep on its disk. */
export type DomainPmSuspendDiskEvent = OfDomain<'pmSuspendDisk'>;

/** The guest has another amount of memory. */
export interface DomainBalloonChangeEvent extends OfDomain<'balloonChange'> {
  readonly actualKib: number;
}

/** The guest let go of a device, which is gone. */
export interface DomainDeviceRemovedEvent extends OfDomain<'deviceRemoved'> {
  readonly alias: string | null;
}

/** A device was plugged in. */
export interface DomainDeviceAddedEvent extends OfDomain<'deviceAdded'> {
  readonly alias: string | null;
}

/** The guest keeps a device. */
export interface DomainDeviceRemovalFailedEvent extends OfDomain<'deviceRemovalFailed'> {
  readonly alias: string | null;
}

/** Limits or pins were changed: libvirt's names and new values. */
export interface DomainTunableEvent extends OfDomain<'tunable'> {
  readonly parameters: Parameters;
}

/** The guest's QEMU agent came or went. */
export interface DomainAgentLifecycleEvent extends OfDomain<'agentLifecycle'> {
  readonly state: 'connected' | 'disconnected' | 'unknown';
  readonly reason: 'domain-started' | 'channel' | 'unknown';
}

/** A migration begins another pass over the memory. */
export interface DomainMigrationIterationEvent extends OfDomain<'migrationIteration'> {
  readonly iteration: number;
}

/** A job on the whole domain ended: the numbers of `Domain.jobStats`. */
export interface DomainJobCompletedEvent extends OfDomain<'jobCompleted'> {
  readonly parameters: Parameters;
}

/** Title, description or metadata of a namespace changed. */
export interface DomainMetadataChangeEvent extends OfDomain<'metadataChange'> {
  readonly type: 'description' | 'title' | 'element' | 'unknown';
  /** Of an element. */
  readonly namespace: string | null;
}

/** A disk was written beyond its threshold, which is gone now. */
export interface DomainBlockThresholdEvent extends OfDomain<'blockThreshold'> {
  readonly disk: string | null;
  readonly path: string | null;
  readonly thresholdBytes: number;
  readonly excessBytes: number;
}

/** Memory of the host failed under the guest. */
export interface DomainMemoryFailureEvent extends OfDomain<'memoryFailure'> {
  readonly recipient: 'hypervisor' | 'guest' | 'unknown';
  readonly action: 'ignore' | 'inject' | 'fatal' | 'reset' | 'unknown';
  readonly actionRequired: boolean;
  readonly recursive: boolean;
}

/** The guest took or gave memory of a device. */
export interface DomainMemoryDeviceSizeChangeEvent extends OfDomain<'memoryDeviceSizeChange'> {
  readonly alias: string | null;
  /** What it sees now. */
  readonly sizeKib: number;
}

/** What QEMU told libvirt, for who asked with `qemuMonitorEvents` (`virConnectDomainQemuMonitorEventRegister`). */
export interface DomainQemuMonitorEvent extends OfDomain<'qemuMonitor'> {
  /** QEMU's name of it, e.g. `RESET`. */
  readonly event: string;
  /** When, since the epoch. */
  readonly seconds: number;
  readonly microseconds: number;
  /** JSON, when it has data. */
  readonly details: string | null;
}

/** Every event of a domain but its lifecycle (`virConnectDomainEventRegisterAny`). */
export type DomainEvent =
  | DomainRebootEvent
  | DomainRtcChangeEvent
  | DomainWatchdogEvent
  | DomainIoErrorEvent
  | DomainIoErrorReasonEvent
  | DomainGraphicsEvent
  | DomainControlErrorEvent
  | DomainBlockJobPathEvent
  | DomainBlockJobEvent
  | DomainDiskChangeEvent
  | DomainTrayChangeEvent
  | DomainPmWakeUpEvent
  | DomainPmSuspendEvent
  | DomainPmSuspendDiskEvent
  | DomainBalloonChangeEvent
  | DomainDeviceRemovedEvent
  | DomainDeviceAddedEvent
  | DomainDeviceRemovalFailedEvent
  | DomainTunableEvent
  | DomainAgentLifecycleEvent
  | DomainMigrationIterationEvent
  | DomainJobCompletedEvent
  | DomainMetadataChangeEvent
  | DomainBlockThresholdEvent
  | DomainMemoryFailureEvent
  | DomainMemoryDeviceSizeChangeEvent
  | DomainQemuMonitorEvent;
