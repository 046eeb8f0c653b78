import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { outboxLag, relayOutbox, type OutboxRow, type SqlClient } from '@infinibay/platform-persistence';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import { Dispatcher, type DueWork } from '@infinibay/platform-work';
import type { Counter, Gauge } from 'prom-client';

/** Publishes the outbox of one service to JetStream, woken after commits; what a dead instance left is found by looking. */
export class OutboxRelay implements DueWork {
  readonly name = 'outbox';
  private readonly stream: JetStreamClient;
  private readonly published: Counter;
  private readonly waiting: Gauge;
  private readonly oldest: Gauge;
  private readonly dispatcher: Dispatcher;
  private isTold = false;

  constructor(
    connection: NatsConnection,
    private readonly client: SqlClient,
    logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.stream = jetstream(connection, { timeout: 5_000 });
    this.published = metrics.counter('infinibay_outbox_published_total', 'Events published from the outbox');
    this.waiting = metrics.gauge('infinibay_outbox_waiting', 'Events that wait in the outbox');
    this.oldest = metrics.gauge('infinibay_outbox_oldest_seconds', 'Age of the oldest event that waits');
    this.dispatcher = new Dispatcher(this, logger, metrics);
  }

  start(): void {
    this.dispatcher.start();
  }

  /** Call after a commit that wrote events: they then leave at once. */
  notify(): void {
    this.isTold = true;
    this.dispatcher.wake();
  }

  stop(): Promise<void> {
    return this.dispatcher.stop();
  }

  /** After each round, and now and then; who was told that something waits need not ask whether. */
  async nextDueInMs(): Promise<number | null> {
    if (this.isTold) {
      this.isTold = false;
      return 0;
    }
    const lag = await outboxLag(this.client);
    this.waiting.set(lag.waiting);
    this.oldest.set(lag.oldestSeconds);
    return lag.waiting > 0 ? 0 : null;
  }

  async take(): Promise<number> {
    const sent = await relayOutbox(this.client, (row) => this.publish(row));
    this.published.inc(sent);
    return sent;
  }

  private async publish(row: OutboxRow): Promise<void> {
    await this.stream.publish(row.subject, JSON.stringify(row.payload), { msgID: row.event_id });
  }
}
