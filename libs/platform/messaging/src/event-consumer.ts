import { EVENTS_STREAM, EventEnvelope, eventSubject, hostNamedIn, type EventContract } from '@infinibay/contracts';
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { runInContext, type Logger } from '@infinibay/platform-logging';
import type { Counter } from 'prom-client';

export type EventHandler = (event: EventEnvelope<never>) => Promise<unknown>;

const RETRY_MS = 1_000;

/**
 * Reads one durable pull consumer for one kind of event; tools/nats/streams.ts makes it. Delivery is at least once; a handler that throws gets the event
 * again, later each time. An event that does not fit its contract is dropped with an error line, for it never will; so is
 * one in which a host speaks for another.
 */
export class EventConsumer {
  private messages: ConsumerMessages | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly contract: EventContract,
    private readonly durable: string,
    private readonly handler: EventHandler,
    private readonly logger: Logger,
    private readonly handled: Counter<'name' | 'outcome'>,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.messages?.close();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      try {
        this.messages = await this.open();
        for await (const message of this.messages) await this.receive(message);
      } catch (error) {
        this.logger.warn({ err: error, consumer: this.durable }, 'event consumer interrupted; retry follows');
      }
      if (!this.stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  private async open(): Promise<ConsumerMessages> {
    const consumer = await jetstream(this.connection).consumers.get(EVENTS_STREAM, this.durable);
    return consumer.consume({ max_messages: 100, expires: 10_000, abort_on_missing_resource: true });
  }

  private async receive(message: JsMsg): Promise<void> {
    const event = this.parse(message);
    if (event === 'another version') {
      // Versions of one event share a subject; who understands that one has a consumer for it.
      message.ack();
      this.handled.inc({ name: this.contract.name, outcome: 'ignored' });
      return;
    }
    if (event === undefined) {
      message.term();
      this.handled.inc({ name: this.contract.name, outcome: 'malformed' });
      return;
    }
    try {
      await runInContext({ correlationId: event.correlationId, causationId: event.id, actor: event.actor }, () =>
        this.handler(event),
      );
      message.ack();
      this.handled.inc({ name: this.contract.name, outcome: 'ok' });
    } catch (error) {
      const attempt = message.info.deliveryCount;
      this.logger.warn(
        { err: error, event: event.name, eventId: event.id, attempt },
        'event not handled; redelivery follows',
      );
      message.nak(Math.min(30_000, 500 * 2 ** Math.min(attempt, 6)));
      this.handled.inc({ name: this.contract.name, outcome: 'retried' });
    }
  }

  private parse(message: JsMsg): EventEnvelope<never> | 'another version' | undefined {
    try {
      const envelope = EventEnvelope.parse(message.json());
      if (envelope.name === this.contract.name && envelope.version !== this.contract.version) return 'another version';
      const event = { ...envelope, data: this.contract.data.parse(envelope.data) as never };
      if (this.contract.producer === 'hypervisor-agent') requireOfItself(event, message.subject);
      return event;
    } catch (error) {
      this.logger.error({ err: error, subject: message.subject }, 'event does not fit its contract and is dropped');
      return undefined;
    }
  }
}

/** NATS lets a host speak under its own id alone; what it says there may name any other. */
const requireOfItself = (event: EventEnvelope, subject: string): void => {
  const { kind, id } = event.resource;
  const isOwn = kind === 'host' && (hostNamedIn(event.data) ?? id) === id && subject === eventSubject(event);
  if (!isOwn) throw new RangeError(`what came on ${subject} speaks for another host`);
};
