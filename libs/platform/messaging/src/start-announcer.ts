import { randomUUID } from 'node:crypto';
import { reportSubject, startedReportOf, type RequestContract } from '@infinibay/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '@infinibay/platform-logging';

type Occasion = 'STARTED' | 'RECONNECTED';

/**
 * Tells the callers of contracts that this process answers them from now on, and after each time that NATS was away: what
 * was asked meanwhile is lost, and between accounts the server does not say so to whoever asked.
 */
export class StartAnnouncer {
  private readonly instance = randomUUID();
  /** By subject: where each owner's callers hear of it. */
  private readonly subjects = new Set<string>();
  private isStopped = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly logger: Logger,
  ) {}

  /** Call it when everything is subscribed. */
  start(served: readonly RequestContract[], hostId: string | undefined): void {
    for (const { owner } of served) {
      const report = startedReportOf(owner);
      if (report !== undefined) this.subjects.add(reportSubject(report, hostId));
    }
    if (this.subjects.size === 0) return;
    void this.tell('STARTED');
    void this.follow();
  }

  stop(): void {
    this.isStopped = true;
  }

  private async follow(): Promise<void> {
    for await (const { type } of this.connection.status()) if (type === 'reconnect') await this.tell('RECONNECTED');
  }

  /** Whoever hears of it asks at once: the server must know the subscriptions before. */
  private async tell(occasion: Occasion): Promise<void> {
    try {
      await this.connection.flush();
      if (this.isStopped) return;
      for (const subject of this.subjects)
        this.connection.publish(subject, JSON.stringify({ instance: this.instance, occasion }));
      this.logger.info({ subjects: [...this.subjects], occasion }, 'told callers that requests are answered');
    } catch (error) {
      // The connection has fallen again: it is told when it is back.
      this.logger.debug({ err: error, occasion }, 'could not tell callers that requests are answered');
    }
  }
}
