import { eventSubject, type EventEnvelope } from '@infinibay/contracts';
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const ACKNOWLEDGED_WITHIN_MS = 5_000;

/** Publishes events of a service that has no database, and so no outbox. */
export class EventPublisher {
  private readonly stream: JetStreamClient;

  constructor(connection: NatsConnection) {
    this.stream = jetstream(connection, { timeout: ACKNOWLEDGED_WITHIN_MS });
  }

  /** Resolves when the stream holds the event. After a rejection it may hold it too: the same event can be published again. */
  async publish(event: EventEnvelope): Promise<void> {
    await this.stream.publish(eventSubject(event), JSON.stringify(event), { msgID: event.id });
  }
}
