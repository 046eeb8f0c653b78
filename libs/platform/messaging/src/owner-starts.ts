import { reportSubject, startedReportOf, type RequestContract, type ServiceName } from '@infinibay/contracts';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

type StartedReport = NonNullable<ReturnType<typeof startedReportOf>>;

/**
 * Hears that owners of requests have begun to listen. One subscription for each owner, and for the hosts together: made
 * before the first request to it leaves, on the same connection, so that no start after that request is missed.
 */
export class OwnerStarts {
  private readonly heard = new Set<ServiceName>();
  private readonly listeners = new Map<string, Set<() => void>>();

  constructor(private readonly connection: NatsConnection) {}

  /**
   * @param hostId the host that is asked; only contracts of the hypervisor-agent have one
   * @returns ends it
   */
  follow(contract: RequestContract, hostId: string | undefined, listener: () => void): () => void {
    const report = startedReportOf(contract.owner);
    if (report === undefined) return () => undefined;
    this.hear(report);
    const subject = reportSubject(report, hostId);
    const listeners = this.listeners.get(subject) ?? new Set();
    this.listeners.set(subject, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(subject) === listeners) this.listeners.delete(subject);
    };
  }

  private hear(report: StartedReport): void {
    if (this.heard.has(report.producer)) return;
    this.connection.subscribe(reportSubject(report, '*'), {
      callback: (error, message) => {
        if (error === null) this.tell(report, message);
      },
    });
    this.heard.add(report.producer);
  }

  private tell(report: StartedReport, message: Msg): void {
    if (!report.data.safeParse(readJson(message)).success) return;
    for (const listener of [...(this.listeners.get(message.subject) ?? [])]) listener();
  }
}

const readJson = (message: Msg): unknown => {
  try {
    return message.json();
  } catch {
    return undefined;
  }
};
