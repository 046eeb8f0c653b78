import { EVENTS_STREAM, EVENTS_SUBJECTS, EventEnvelope, type Actor } from '@infinibay/contracts';
import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable } from '@nestjs/common';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { mayHear } from '../connections/rooms.js';
import type { Replay, SequencedEvent } from '../protocol.js';
import { RealtimeMetrics } from '../realtime-metrics.js';
import { EventFeed } from './event.feed.js';

const MAX_EVENTS = 1_000;
const MAX_BYTES = 524_288;
/** Stored events that one resume looks at; a client of a quiet department asks again from there. */
const MAX_SCANNED = 2_000;
const READ_TIMEOUT_MS = 2_000;
const READS_AT_ONCE = 4;

/** One page of missed events, as it grows. */
class Page {
  readonly events: SequencedEvent[] = [];
  private bytes = 0;
  private scanned = 0;

  constructor(
    private readonly actor: Actor,
    public lastSequence: number,
  ) {}

  get isFull(): boolean {
    return this.events.length >= MAX_EVENTS || this.bytes >= MAX_BYTES || this.scanned >= MAX_SCANNED;
  }

  offer(event: SequencedEvent): void {
    this.scanned += 1;
    this.lastSequence = event.sequence;
    if (!mayHear(this.actor, event)) return;
    this.events.push(event);
    this.bytes += JSON.stringify(event).length;
  }
}

/** Answers what a client missed: from memory when it was away for a short while, else from the stream. */
@Injectable()
export class EventReplay {
  private reading = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    private readonly feed: EventFeed,
    private readonly metrics: RealtimeMetrics,
  ) {}

  async replay(actor: Actor, afterSequence: number): Promise<Replay> {
    const end = this.feed.sequence;
    // A sequence from the future is of a stream that is no more.
    if (afterSequence > end) return { events: [], lastSequence: end, more: false, gap: true };
    const { page, gap } = this.feed.log.covers(afterSequence)
      ? this.fromMemory(actor, afterSequence)
      : await this.fromStream(actor, afterSequence, end);
    if (!page.isFull) page.lastSequence = Math.max(page.lastSequence, end);
    this.metrics.replayed.inc(page.events.length);
    return { events: page.events, lastSequence: page.lastSequence, more: page.lastSequence < this.feed.sequence, gap };
  }

  private fromMemory(actor: Actor, afterSequence: number): { page: Page; gap: boolean } {
    const page = new Page(actor, afterSequence);
    for (const event of this.feed.log.after(afterSequence)) {
      if (page.isFull) break;
      page.offer(event);
    }
    return { page, gap: false };
  }

  private async fromStream(actor: Actor, afterSequence: number, end: number): Promise<{ page: Page; gap: boolean }> {
    await this.enter();
    try {
      const manager = await jetstreamManager(this.connection, { checkAPI: false });
      const { state } = await manager.streams.info(EVENTS_STREAM);
      const page = new Page(actor, Math.max(afterSequence, state.first_seq - 1));
      if (page.lastSequence < end) await this.read(page, Math.min(end, state.last_seq));
      return { page, gap: afterSequence < state.first_seq - 1 };
    } finally {
      this.leave();
    }
  }

  private async read(page: Page, end: number): Promise<void> {
    const consumer = await jetstream(this.connection).consumers.get(EVENTS_STREAM, {
      filter_subjects: EVENTS_SUBJECTS,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: page.lastSequence + 1,
      inactive_threshold: 10_000,
    });
    const messages = await consumer.fetch({
      max_messages: Math.min(MAX_SCANNED, end - page.lastSequence),
      expires: READ_TIMEOUT_MS,
    });
    for await (const message of messages) {
      const event = EventEnvelope.safeParse(message.json());
      if (event.success) page.offer({ ...event.data, sequence: message.seq });
      if (page.isFull || message.seq >= end) break;
    }
    await messages.close();
    await consumer.delete().catch(() => false);
  }

  private async enter(): Promise<void> {
    if (this.reading >= READS_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.reading += 1;
  }

  /** The place goes to the one that waits longest. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.reading -= 1;
    else next();
  }
}
