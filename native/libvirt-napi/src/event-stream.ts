import type { ConnectionEvent } from './events.js';

/** The reader of an event stream was too slow: `dropped` events are lost. List again. */
export interface OverflowEvent {
  readonly kind: 'overflow';
  readonly dropped: number;
}

export type StreamedEvent = ConnectionEvent | OverflowEvent;

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
    // Not a number would be no bound.
    if (Number.isNaN(capacity)) throw new TypeError('bufferSize is not a number');
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
