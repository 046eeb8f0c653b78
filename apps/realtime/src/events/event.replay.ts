import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { OutboundWatch } from '../connections/outbound-watch.js';
import { RateLimit } from '../connections/rate-limit.js';
import type { RealtimeSocket } from '../connections/realtime-socket.js';
import { mayHear } from '../connections/rooms.js';
import type { Replay, SequencedEvent } from '../protocol.js';
import { RealtimeMetrics } from '../metrics/realtime-metrics.js';
import { EventFeed } from './event.feed.js';
import { EventStream } from './event.stream.js';
import { ReplayTurns } from './replay-turns.js';

const MAX_EVENTS = 1_000;
const MAX_BYTES = 524_288;
/** Stored events that one resume looks at; a client of a quiet department asks again from there. */
const MAX_SCANNED = 2_000;
/** Of one user, until the client has read: nobody else waits for that. */
const TURNS_OF_USER = { perUser: 2, atOnce: Infinity, waitingPerUser: 8, waiting: 512 };
/** Of all who have read, to look events up. */
const TURNS = { perUser: 2, atOnce: 8, waitingPerUser: 2, waiting: 512 };
/** Enough for a client that comes back after days: a page is 1,000 events. */
const PAGES = { perSecond: 10, burst: 100 };
/** How long an answer waits for a client that has not read the ones before. */
const READ_CHECKS = 100;
const READ_CHECK_MS = 50;

/** One page of missed events, as it grows. */
class Page {
  readonly events: SequencedEvent[] = [];
  bytes = 0;
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

/**
 * Answers what a client missed: from memory when it was away for a short while, else from the stream. The next page is
 * made when the client has read the last: what a client does not read costs no work.
 */
@Injectable()
export class EventReplay {
  private readonly turnsOfUser = new ReplayTurns(TURNS_OF_USER);
  private readonly turns = new ReplayTurns(TURNS);
  private readonly pages = new RateLimit(PAGES);

  constructor(
    private readonly feed: EventFeed,
    private readonly stream: EventStream,
    private readonly outbound: OutboundWatch,
    private readonly metrics: RealtimeMetrics,
  ) {}

  /**
   * @throws DomainError TOO_MANY_ATTEMPTS, SLOW_CONSUMER for a client that does not read its answers, or
   * SERVICE_UNAVAILABLE where the stream does not answer and what was missed is not in memory.
   */
  async replay(socket: RealtimeSocket, afterSequence: number): Promise<Replay> {
    const { userId } = socket.data.session.actor;
    if (!this.pages.take(userId)) throw new DomainError('TOO_MANY_ATTEMPTS');
    return this.turnsOfUser.run(userId, async () => {
      await this.untilRead(socket);
      return this.turns.run(userId, () => this.answer(socket.data.session.actor, afterSequence));
    });
  }

  private async untilRead(socket: RealtimeSocket): Promise<void> {
    for (let check = 0; check < READ_CHECKS; check += 1) {
      if (!socket.connected) throw new DomainError('SLOW_CONSUMER');
      if (this.outbound.hasRead(socket.conn)) return;
      await new Promise((resolve) => setTimeout(resolve, READ_CHECK_MS));
    }
    throw new DomainError('SLOW_CONSUMER');
  }

  private async answer(actor: Actor, afterSequence: number): Promise<Replay> {
    const end = this.feed.sequence;
    // A sequence from the future is of a stream that is no more.
    if (afterSequence > end) return { events: [], lastSequence: end, more: false, gap: true };
    const { page, gap } = this.feed.remembers(afterSequence)
      ? this.fromMemory(actor, afterSequence)
      : await this.fromStream(actor, afterSequence, end);
    if (!page.isFull) page.lastSequence = Math.max(page.lastSequence, end);
    this.metrics.replayed.inc(page.events.length);
    this.metrics.replayedBytes.inc(page.bytes);
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
    const first = (await this.stream.firstFrom(1)) ?? end + 1;
    const page = new Page(actor, Math.max(afterSequence, first - 1));
    for await (const event of this.stream.between(page.lastSequence, end)) {
      page.offer(event);
      if (page.isFull) break;
    }
    return { page, gap: afterSequence < first - 1 };
  }
}
