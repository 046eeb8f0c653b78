import type { DomainEvent } from './domain-events.js';
import type { DisconnectReason, DomainEventDetail, DomainEventName, NetworkEventName } from './vocabulary.js';

/** A domain was defined, started, stopped, ... */
export interface DomainLifecycleEvent {
  readonly kind: 'lifecycle';
  readonly uuid: string;
  readonly name: string;
  readonly event: DomainEventName;
  readonly detail: DomainEventDetail;
}

/** A network was defined, started, stopped, ... */
export interface NetworkLifecycleEvent {
  readonly kind: 'network';
  readonly uuid: string;
  readonly name: string;
  readonly event: NetworkEventName;
}

/** The daemon is gone; a reconnect is under way. */
export interface DisconnectedEvent {
  readonly kind: 'disconnected';
  readonly reason: DisconnectReason;
}

/** A domain doesn't answer: its calls reject with `QUARANTINED`, one probe at a time excepted, until it is released. */
export interface DomainQuarantinedEvent {
  readonly kind: 'domainQuarantined';
  readonly uuid: string;
}

/** A quarantined domain answers again, or the daemon that it hung in is gone. */
export interface DomainReleasedEvent {
  readonly kind: 'domainReleased';
  readonly uuid: string;
}

/** The daemon is back. Nothing tells what happened in between: list again. */
export interface ReconnectedEvent {
  readonly kind: 'reconnected';
}

/** A storage pool was defined, started, stopped, ... */
export interface StoragePoolEvent {
  readonly kind: 'storagePool';
  readonly uuid: string;
  readonly name: string;
  readonly event: 'defined' | 'undefined' | 'started' | 'stopped' | 'created' | 'deleted' | 'unknown';
}

/** The volumes of a storage pool were read again. */
export interface StoragePoolRefreshEvent {
  readonly kind: 'storagePoolRefresh';
  readonly uuid: string;
  readonly name: string;
}

/** A device of the host came or went. */
export interface NodeDeviceEvent {
  readonly kind: 'nodeDevice';
  readonly name: string;
  readonly event: 'created' | 'deleted' | 'defined' | 'undefined' | 'unknown';
}

/** A device of the host changed. */
export interface NodeDeviceUpdateEvent {
  readonly kind: 'nodeDeviceUpdate';
  readonly name: string;
}

/** What a secret is for. */
export type SecretUsage = 'none' | 'volume' | 'ceph' | 'iscsi' | 'tls' | 'vtpm' | 'unknown';

/** A secret was defined or removed. */
export interface SecretEvent {
  readonly kind: 'secret';
  readonly uuid: string;
  readonly event: 'defined' | 'undefined' | 'unknown';
  readonly usage: SecretUsage;
  readonly usageId: string | null;
}

/** The value of a secret was set. */
export interface SecretValueEvent {
  readonly kind: 'secretValue';
  readonly uuid: string;
  readonly usage: SecretUsage;
  readonly usageId: string | null;
}

/** All that a connection tells of; `kind` is also the name to listen to. */
export type ConnectionEvent =
  | DomainLifecycleEvent
  | DomainEvent
  | NetworkLifecycleEvent
  | StoragePoolEvent
  | StoragePoolRefreshEvent
  | NodeDeviceEvent
  | NodeDeviceUpdateEvent
  | SecretEvent
  | SecretValueEvent
  | DomainQuarantinedEvent
  | DomainReleasedEvent
  | DisconnectedEvent
  | ReconnectedEvent;

/** Listener arguments by event name. */
export type ConnectionEventMap = { [E in ConnectionEvent as E['kind']]: [E] };
