import {
  DomainError,
  LIVE_EVENTS_SUBJECTS,
  userAccessChanged,
  vmDeleted,
  vmLeftDepartment,
} from '@infinibay/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { audienceOf } from '../connections/rooms.js';
import { SessionWatch } from '../connections/session-watch.js';
import { SocketHub } from '../connections/socket.hub.js';
import type { SequencedEvent } from '../protocol.js';
import { RealtimeMetrics } from '../metrics/realtime-metrics.js';
import { EventLog } from './event-log.js';
import { EventStream } from './event.stream.js';

/** How often the stream is asked for what did not come live: core NATS loses what is sent during an interruption. */
const CHECK_MS = 1_000;
/** Live messages that wait while older ones are looked up; beyond it they are looked up themselves. */
const MAX_PENDING = 5_000;
/** Events from before the start that are read so that a reconnect after a restart is served from memory. */
const BACKLOG = 2_000;
/** Together less than a client waits for its session. */
const BEGIN_CHECKS = 60;
const BEGIN_CHECK_MS = 50;

/**
 * Follows the EVENTS stream as the server says each stored event again, and looks up by sequence what did not come.
 * Each event goes once and in order to the rooms that may hear of it; a stream that was erased is begun anew. What
 * happened while NATS was away waits until all sessions were looked at.
 */
@Injectable()
export class EventFeed implements BeforeApplicationShutdown {
  readonly log = new EventLog();
  /** Sequence of the last event that was read, and of the last that was there before this instance. */
  private cursor: number | undefined;
  private liveAfter = 0;
  private subscription: Subscription | undefined;
  private pending: Msg[] = [];
  private checkIsDue = true;
  private working: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly hub: SocketHub,
    private readonly sessions: SessionWatch,
    private readonly metrics: RealtimeMetrics,
    private readonly stream: EventStream,
  ) {}

  /** Sequence of the last event that was delivered live. */
  get sequence(): number {
    return Math.max(this.cursor ?? 0, this.liveAfter);
  }

  /**
   * Waits after a start until it is known how far the stream goes: before that nobody can be told what was missed.
   * @throws DomainError SERVICE_UNAVAILABLE where the stream does not answer
   */
  async untilBegun(): Promise<void> {
    for (let check = 0; this.cursor === undefined; check += 1) {
      if (check === BEGIN_CHECKS) throw new DomainError('SERVICE_UNAVAILABLE', { reason: 'stored events' });
      await new Promise((resolve) => setTimeout(resolve, BEGIN_CHECK_MS));
    }
  }

  /** Whether every event after this one is in memory, which fills after a start while clients come back. */
  remembers(sequence: number): boolean {
    return (this.cursor ?? 0) >= this.liveAfter && this.log.covers(sequence);
  }

  start(): void {
    this.subscription = this.connection.subscribe(LIVE_EVENTS_SUBJECTS, {
      callback: (error, message) => {
        if (error !== null) return;
        if (this.pending.length < MAX_PENDING) this.pending.push(message);
        else this.checkIsDue = true;
        this.work();
      },
    });
    this.timer = setInterval(() => {
      this.checkIsDue = true;
      this.work();
    }, CHECK_MS);
    this.work();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    this.subscription?.unsubscribe();
    await this.working;
  }

  private work(): void {
    this.working ??= this.drain()
      .catch((error: unknown) => {
        // The next check takes up what was missed.
        this.checkIsDue = true;
        this.logger.warn({ err: error }, 'event subscription interrupted; retry follows');
      })
      .finally(() => {
        this.working = undefined;
      });
  }

  private async drain(): Promise<void> {
    // While nobody knows who may hear it, the check that comes every second tries again.
    while (!this.stopped && this.sessions.knowsAudience && (this.checkIsDue || this.pending.length > 0)) {
      if (this.cursor === undefined || this.checkIsDue) await this.check();
      const messages = this.pending;
      this.pending = [];
      for (const message of messages) await this.receive(message);
    }
  }

  /** Compares with the stream: reads what did not come, and begins anew when the stream is another. */
  private async check(): Promise<void> {
    this.checkIsDue = false;
    const last = await this.stream.last();
    if (this.cursor === undefined || last < this.cursor) await this.beginAnew(last);
    await this.readUntil(last);
  }

  /** At the start what is stored is known already; a stream that became shorter was made anew, and all in it is news. */
  private async beginAnew(last: number): Promise<void> {
    const isStart = this.cursor === undefined;
    const first = (isStart ? await this.stream.firstFrom(1) : undefined) ?? 1;
    const from = isStart ? Math.max(first - 1, last - BACKLOG, 0) : 0;
    this.cursor = from;
    this.liveAfter = isStart ? last : 0;
    this.log.startAfter(from);
  }

  private async readUntil(last: number): Promise<void> {
    for await (const event of this.stream.between(this.cursor ?? 0, last)) {
      this.assertAudience();
      this.cursor = event.sequence;
      this.deliver(event);
    }
    this.cursor = Math.max(this.cursor ?? 0, last);
  }

  private async receive(message: Msg): Promise<void> {
    const sequence = Number(message.headers?.get('Nats-Sequence'));
    if (!Number.isSafeInteger(sequence) || sequence < 1) return;
    const event = this.stream.parse(sequence, message.subject, message.data);
    if (sequence <= this.sequence) {
      // Either it was looked up meanwhile, or the stream began anew: the next check tells.
      if (event !== undefined && !this.log.has(event.id)) this.checkIsDue = true;
      return;
    }
    if (sequence > (this.cursor ?? 0) + 1) await this.readUntil(sequence - 1);
    this.assertAudience();
    this.cursor = sequence;
    if (event !== undefined) this.deliver(event);
  }

  /** @throws DomainError SERVICE_UNAVAILABLE where NATS went away meanwhile: the event waits until sessions were looked at. */
  private assertAudience(): void {
    if (!this.sessions.knowsAudience)
      throw new DomainError('SERVICE_UNAVAILABLE', { reason: 'who may hear it is not known' });
  }

  private deliver(event: SequencedEvent): void {
    if (!this.log.add(event) || event.sequence <= this.liveAfter) return;
    const rooms = audienceOf(event);
    this.hub.countDelivery('event', rooms);
    this.hub.io.to(rooms).emit('event', event);
    this.metrics.sequence.set(event.sequence);
    if (event.name === userAccessChanged.name) this.sessions.recheckUser(event.resource.id);
    const isGone = event.name === vmDeleted.name || event.name === vmLeftDepartment.name;
    if (isGone && event.departmentId !== null) this.sessions.forgetVm(event.departmentId, event.resource.id);
  }
}
