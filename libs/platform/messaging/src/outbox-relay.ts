import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { outboxLag, pruneOutbox, relayOutbox, type OutboxRow, type SqlClient } from '@infinibay/platform-persistence';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Counter, Gauge } from 'prom-client';

const POLL_MS = 500;
const PRUNE_EVERY_MS = 3_600_000;

/** Publishes the outbox of one service to JetStream, woken after commits and by a poll. */
export class OutboxRelay {
  private readonly stream: JetStreamClient;
  private readonly published: Counter;
  private readonly waiting: Gauge;
  private readonly oldest: Gauge;
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private stopped = false;
  private nextPrune = Date.now() + PRUNE_EVERY_MS;

  constructor(
    connection: NatsConnection,
    private readonly client: SqlClient,
    private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.stream = jetstream(connection, { timeout: 5_000 });
    this.published = metrics.counter('infinibay_outbox_published_total', 'Events published from the outbox');
    this.waiting = metrics.gauge('infinibay_outbox_waiting', 'Events that wait in the outbox');
    this.oldest = metrics.gauge('infinibay_outbox_oldest_seconds', 'Age of the oldest event that waits');
  }

  start(): void {
    this.running = this.loop();
  }

  /** Call after a commit that wrote events: they then leave at once instead of at the next poll. */
  notify(): void {
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      const sent = await this.relayOnce();
      if (sent === 0 && !this.stopped) await this.pause();
    }
  }

  private async relayOnce(): Promise<number> {
    try {
      const sent = await relayOutbox(this.client, (row) => this.publish(row));
      this.published.inc(sent);
      await this.observe();
      return sent;
    } catch (error) {
      this.logger.warn({ err: error }, 'events wait in the outbox: publishing failed');
      return 0;
    }
  }

  private async publish(row: OutboxRow): Promise<void> {
    await this.stream.publish(row.subject, JSON.stringify(row.payload), { msgID: row.event_id });
  }

  private async observe(): Promise<void> {
    const lag = await outboxLag(this.client);
    this.waiting.set(lag.waiting);
    this.oldest.set(lag.oldestSeconds);
    if (Date.now() < this.nextPrune) return;
    this.nextPrune = Date.now() + PRUNE_EVERY_MS;
    await pruneOutbox(this.client);
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
