import {
  hostNamedIn,
  hostReportSubject,
  metricsSubject,
  type GuestSample,
  type ReportContract,
  type ReportDataOf,
} from '@infinibay/contracts';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { Logger } from '@infinibay/platform-logging';

/** Publishes lossy reports on core NATS; never waits, never throws for a lost connection. */
export class ReportPublisher {
  constructor(private readonly connection: NatsConnection) {}

  publishForHost<C extends ReportContract>(contract: C, hostId: string, data: z.input<C['data']>): void {
    this.connection.publish(hostReportSubject(contract, hostId), JSON.stringify(contract.data.parse(data)));
  }

  /** The sample must have been validated already: this path runs thousands of times a second. */
  publishSample(sample: GuestSample): void {
    this.connection.publish(metricsSubject(sample.departmentId, sample.vmId), JSON.stringify(sample));
  }
}

/**
 * Calls the handler with every report that fits its contract, and that a host tells of itself; others are logged and
 * dropped.
 */
export const subscribeToReport = <C extends ReportContract>(
  connection: NatsConnection,
  contract: C,
  subject: string,
  options: { queue?: string; logger: Logger },
  handler: (data: ReportDataOf<C>) => unknown,
): { unsubscribe(): void } =>
  connection.subscribe(subject, {
    ...(options.queue === undefined ? {} : { queue: options.queue }),
    callback: (error, message) => {
      if (error !== null) return;
      void deliver(contract, message, options.logger, handler);
    },
  });

const deliver = async <C extends ReportContract>(
  contract: C,
  message: Msg,
  logger: Logger,
  handler: (data: ReportDataOf<C>) => unknown,
): Promise<void> => {
  try {
    const data = contract.data.parse(message.json()) as ReportDataOf<C>;
    requireOfItself(contract, data, message.subject);
    await handler(data);
  } catch (error) {
    logger.warn({ err: error, report: contract.name }, 'report dropped');
  }
};

/** NATS lets a host speak below its own id alone; what it says there may name any other. */
const requireOfItself = (contract: ReportContract, data: unknown, subject: string): void => {
  if (contract.producer !== 'hypervisor-agent') return;
  const hostId = hostNamedIn(data);
  if (hostId !== undefined && subject !== hostReportSubject(contract, hostId))
    throw new RangeError(`what came on ${subject} speaks for host ${hostId}`);
};
