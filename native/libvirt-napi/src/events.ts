import type { OnEvent } from './load-addon.js';
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

/** The reader of an event stream was too slow: `dropped` events are lost. List again. */
export interface OverflowEvent {
  readonly kind: 'overflow';
  readonly dropped: number;
}

export type ConnectionEvent =
  | DomainLifecycleEvent
  | NetworkLifecycleEvent
  | DomainQuarantinedEvent
  | DomainReleasedEvent
  | DisconnectedEvent
  | ReconnectedEvent;
export type StreamedEvent = ConnectionEvent | OverflowEvent;

/** Listener arguments by event name. */
export interface ConnectionEventMap {
  lifecycle: [DomainLifecycleEvent];
  network: [NetworkLifecycleEvent];
  domainQuarantined: [DomainQuarantinedEvent];
  domainReleased: [DomainReleasedEvent];
  disconnected: [DisconnectedEvent];
  reconnected: [ReconnectedEvent];
}

/** Turns what the addon tells into an event; undefined for a kind that this version doesn't know. */
export function decodeEvent(...told: Parameters<OnEvent>): ConnectionEvent | undefined {
  const [kind, uuid, name, event, detail] = told;
  const named = { uuid: uuid ?? '', name: name ?? '' };
  // The addon speaks these vocabularies only; its `unknown` is a member of each.
  switch (kind) {
    case 'lifecycle':
      return {
        kind,
        ...named,
        event: (event ?? 'unknown') as DomainEventName,
        detail: (detail ?? 'unknown') as DomainEventDetail,
      };
    case 'network':
      return { kind, ...named, event: (event ?? 'unknown') as NetworkEventName };
    case 'domainQuarantined':
    case 'domainReleased':
      return { kind, uuid: uuid ?? '' };
    case 'disconnected':
      return { kind, reason: (detail ?? 'unknown') as DisconnectReason };
    case 'reconnected':
      return { kind };
    default:
      return undefined;
  }
}

/**
 * Events as an async iterator with a bounded buffer. When the reader falls behind by more than the buffer, what it
 * has not read is dropped and one {@link OverflowEvent} stands in its place: a gap is always seen.
 */
export class EventStream implements AsyncIterableIterator<StreamedEvent> {
  readonly #capacity: number;
  readonly #onEnd: (stream: EventStream) => void;
  #buffer: ConnectionEvent[] = [];
  #dropped = 0;
  #waiting: ((result: IteratorResult<StreamedEvent>) => void)[] = [];
  #ended = false;

  constructor(capacity: number, onEnd: (stream: EventStream) => void) {
    this.#capacity = Math.max(1, Math.trunc(capacity));
    this.#onEnd = onEnd;
  }

  /** Takes an event in. */
  push(event: ConnectionEvent): void {
    if (this.#ended) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader({ done: false, value: event });
      return;
    }
    if (this.#buffer.length >= this.#capacity) {
      this.#dropped += this.#buffer.length;
      this.#buffer = [];
    }
    this.#buffer.push(event);
  }

  /** Ends the stream; what is buffered can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const reader of this.#waiting.splice(0)) reader({ done: true, value: undefined });
    this.#onEnd(this);
  }

  next(): Promise<IteratorResult<StreamedEvent>> {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return Promise.resolve({ done: false, value: { kind: 'overflow', dropped } });
    }
    const event = this.#buffer.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<StreamedEvent>> {
    this.#buffer = [];
    this.#dropped = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
