import { EVENTS_STREAM, EVENTS_SUBJECTS, EventEnvelope, userAccessChanged } from '@infinibay/contracts';
import { DeliverPolicy, jetstream, jetstreamManager, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { audienceOf } from '../connections/rooms.js';
import { SessionGuard } from '../connections/session.guard.js';
import { SocketHub } from '../connections/socket.hub.js';
import type { SequencedEvent } from '../protocol.js';
import { RealtimeMetrics } from '../realtime-metrics.js';
import { EventLog } from './event-log.js';

const RETRY_MS = 500;
/** Events from before the start that are read so that a reconnect after a restart is served from memory. */
const BACKLOG = 2_000;

/**
 * Follows the EVENTS stream with one ordered ephemeral consumer per instance and hands each event to the rooms that may
 * hear of it. After an interruption it goes on behind the last event; a stream that was erased is begun anew.
 */
@Injectable()
export class EventFeed implements BeforeApplicationShutdown {
  readonly log = new EventLog();
  /** Sequence of the last message that was read, and of the last that was there before this instance. */
  private cursor: number | undefined;
  private liveAfter = 0;
  private messages: ConsumerMessages | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly hub: SocketHub,
    private readonly guard: SessionGuard,
    private readonly metrics: RealtimeMetrics,
  ) {}

  /** Sequence of the last event that was delivered live. */
  get sequence(): number {
    return Math.max(this.cursor ?? 0, this.liveAfter);
  }

  start(): void {
    this.running = this.follow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.messages?.close();
    await this.running;
  }

  private async follow(): Promise<void> {
    while (!this.stopped) {
      try {
        this.messages = await this.open();
        for await (const message of this.messages) this.receive(message);
      } catch (error) {
        this.logger.warn({ err: error }, 'events interrupted; they go on in a moment');
      }
      if (!this.stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private async open(): Promise<ConsumerMessages> {
    const manager = await jetstreamManager(this.connection, { checkAPI: false });
    const { state } = await manager.streams.info(EVENTS_STREAM);
    if (this.cursor === undefined || this.cursor > state.last_seq) this.beginAnew(state.first_seq, state.last_seq);
    const consumer = await jetstream(this.connection).consumers.get(EVENTS_STREAM, {
      filter_subjects: EVENTS_SUBJECTS,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max((this.cursor ?? 0) + 1, 1),
    });
    if (this.stopped) throw new Error('stopped');
    return consumer.consume({ max_messages: 500 });
  }

  /** At the start what is stored is known already; a stream that became shorter was made anew, and all in it is news. */
  private beginAnew(first: number, last: number): void {
    const isStart = this.cursor === undefined;
    const from = isStart ? Math.max(first - 1, last - BACKLOG, 0) : 0;
    this.cursor = from;
    this.liveAfter = isStart ? last : 0;
    this.log.startAfter(from);
  }

  private receive(message: JsMsg): void {
    this.cursor = message.seq;
    const event = this.parse(message);
    if (event === undefined || !this.log.add(event) || event.sequence <= this.liveAfter) return;
    const rooms = audienceOf(event);
    this.hub.countDelivery('event', rooms);
    this.hub.io.to(rooms).emit('event', event);
    this.metrics.sequence.set(event.sequence);
    if (event.name === userAccessChanged.name) this.guard.recheckUser(event.resource.id);
  }

  private parse(message: JsMsg): SequencedEvent | undefined {
    try {
      return { ...EventEnvelope.parse(message.json()), sequence: message.seq };
    } catch (error) {
      this.logger.error({ err: error, subject: message.subject }, 'not an event; passed over');
      return undefined;
    }
  }
}
