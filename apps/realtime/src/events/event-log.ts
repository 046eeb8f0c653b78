import type { SequencedEvent } from '../protocol.js';

const MAX_EVENTS = 10_000;

/** The newest events of the stream, kept for clients that come back after a short while. In order of their sequence. */
export class EventLog {
  private events: SequencedEvent[] = [];
  private ids = new Set<string>();
  private begin: number | undefined;

  /** Sequence of the last event; 0 before the first. */
  get last(): number {
    return this.events.at(-1)?.sequence ?? this.begin ?? 0;
  }

  /** The log holds every event of the stream after `sequence`, and none before. */
  startAfter(sequence: number): void {
    this.events = [];
    this.ids = new Set();
    this.begin = sequence;
  }

  /** @returns false for an event that is here already: publishers may repeat themselves. */
  add(event: SequencedEvent): boolean {
    if (this.ids.has(event.id)) return false;
    this.events.push(event);
    this.ids.add(event.id);
    if (this.events.length > MAX_EVENTS) this.dropOldest(MAX_EVENTS / 10);
    return true;
  }

  has(eventId: string): boolean {
    return this.ids.has(eventId);
  }

  /** Whether every event after this one is here. */
  covers(afterSequence: number): boolean {
    return this.begin !== undefined && afterSequence >= this.begin;
  }

  /** Events after this one, oldest first. */
  *after(sequence: number): Generator<SequencedEvent> {
    for (let at = this.indexAfter(sequence); at < this.events.length; at += 1) {
      const event = this.events[at];
      if (event !== undefined) yield event;
    }
  }

  private indexAfter(sequence: number): number {
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle]?.sequence ?? Infinity) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private dropOldest(count: number): void {
    const dropped = this.events.splice(0, count);
    for (const event of dropped) this.ids.delete(event.id);
    this.begin = dropped.at(-1)?.sequence ?? this.begin;
  }
}
