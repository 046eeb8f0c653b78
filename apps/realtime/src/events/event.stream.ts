import { DomainError, EVENTS_STREAM, EVENTS_SUBJECTS, EventEnvelope } from '@infinibay/contracts';
import { jetstreamManager, type JetStreamManager, type MsgRequest, type StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable } from '@nestjs/common';
import { warnSeldom, type Logger } from '@infinibay/platform-logging';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import type { SequencedEvent } from '../protocol.js';

/** Lookups that are under way at once for one reader. */
const LOOKUPS_AT_ONCE = 32;

/** The client's types know this question of a direct get only; the server answers it here too, since 2.9. */
const nextFrom = (sequence: number): MsgRequest => {
  const query = { seq: Math.max(1, sequence), next_by_subj: EVENTS_SUBJECTS };
  return query;
};

/**
 * Looks stored events up by their sequence. No consumer is needed for that, and so no right to make one: a consumer
 * could be told to deliver to any subject. While NATS is away each method throws the DomainError SERVICE_UNAVAILABLE.
 */
@Injectable()
export class EventStream {
  private manager: Promise<JetStreamManager> | undefined;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Sequence of the newest stored event; 0 when there is none. */
  async last(): Promise<number> {
    return (await this.look({ last_by_subj: EVENTS_SUBJECTS }))?.seq ?? 0;
  }

  /** Sequence of the oldest stored event that is not older than this; undefined when there is none. */
  async firstFrom(sequence: number): Promise<number | undefined> {
    return (await this.look(nextFrom(sequence)))?.seq;
  }

  /**
   * The events after one and up to another, in order; a few at a time, as they are taken.
   * What is stored and is no event is left out.
   */
  async *between(after: number, until: number): AsyncGenerator<SequencedEvent> {
    for (let at = after; at < until;) {
      const end = Math.min(until, at + LOOKUPS_AT_ONCE);
      const found = await this.lookAll(at + 1, end);
      for (const message of found) {
        const event = this.parse(message.seq, message.subject, message.data);
        if (event !== undefined) yield event;
      }
      // Where nothing is stored for long, the next event tells where to go on.
      at = found.length > 0 ? end : Math.max(end, ((await this.firstFrom(end + 1)) ?? until + 1) - 1);
    }
  }

  /** undefined for what is no event; it is passed over. */
  parse(sequence: number, subject: string, data: Uint8Array): SequencedEvent | undefined {
    try {
      return { ...EventEnvelope.parse(JSON.parse(Buffer.from(data).toString('utf8'))), sequence };
    } catch (error) {
      this.logger.error({ err: error, subject, sequence }, 'not an event; skipped');
      return undefined;
    }
  }

  private async lookAll(first: number, last: number): Promise<StoredMsg[]> {
    const lookups = Array.from({ length: last - first + 1 }, (_, index) => this.look({ seq: first + index }));
    return (await Promise.all(lookups)).filter((message) => message !== undefined);
  }

  /** @throws DomainError SERVICE_UNAVAILABLE while NATS, or its store, is away */
  private async look(query: MsgRequest): Promise<StoredMsg | undefined> {
    this.manager ??= jetstreamManager(this.connection, { checkAPI: false });
    try {
      return (await (await this.manager).streams.getMessage(EVENTS_STREAM, query)) ?? undefined;
    } catch (error) {
      warnSeldom(this.logger, 'the stored events can not be read; retry follows', { err: error });
      throw new DomainError('SERVICE_UNAVAILABLE', { reason: 'stored events' }, { cause: error });
    }
  }
}
