import {
  DURABLE_CONSUMERS,
  EVENT_CONTRACTS,
  EVENTS_STREAM,
  LIVE_EVENTS_SUBJECTS,
  REPORT_CONTRACTS,
  REQUEST_CONTRACTS,
  STREAM_FOLLOWERS,
  departmentFilter,
  eventFilter,
  eventSubject,
  metricsSubject,
  reportSubject,
  requestSubject,
  type EventContract,
  type ReportContract,
  type ServiceName,
} from '@infinibay/contracts';

import type { NatsPermissions } from '../stack/nats-config.ts';

/** Reports that are addressed to a VM's watchers and not to those of a host. */
const SAMPLE_REPORT = 'guest.sampled';

/** Calls of the streams' account, by how often they are answered. */
export interface StreamCalls {
  readonly once: readonly string[];
  readonly severalTimes: readonly string[];
}

/**
 * All that reading through one consumer takes. It can't be made, changed nor deleted with these: a request that makes a
 * consumer may name any subject to deliver to, which no permission sees.
 */
export const consumerCalls = (durable: string): StreamCalls => ({
  once: [`$JS.API.CONSUMER.INFO.${EVENTS_STREAM}.${durable}`, `$JS.ACK.${EVENTS_STREAM}.${durable}.>`],
  severalTimes: [`$JS.API.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${durable}`],
});

/** The names of a service's durable consumers with what each reads. */
export const consumersOf = (service: ServiceName): readonly { durable: string; filter: string }[] =>
  Object.entries(DURABLE_CONSUMERS[service] ?? {}).map(([purpose, event]) => ({
    durable: `${service}-${purpose}`,
    filter: eventFilter(event),
  }));

/** A host speaks under its own subject only: nobody takes its word for another's. */
const publishedEvent = ({ name, producer }: EventContract, hostId: string): string =>
  producer === 'hypervisor-agent'
    ? eventSubject({ name, departmentId: null, resource: { kind: 'host', id: hostId } })
    : eventFilter({ name });

export const publishedReport = (contract: ReportContract, hostId: string): string =>
  contract.name === SAMPLE_REPORT ? metricsSubject('*', '*') : reportSubject(contract, hostId);

/** What a service calls in the streams' account: it publishes its own events, proves that it can, and reads its own consumers. */
export const streamCallsOf = (service: ServiceName, hostId: string): StreamCalls => {
  const reading = consumersOf(service).map(({ durable }) => consumerCalls(durable));
  const own = EVENT_CONTRACTS.filter(({ producer }) => producer === service);
  return {
    once: [
      // Versions of one event share a subject, and the server takes each once.
      ...new Set(own.map((event) => publishedEvent(event, hostId))),
      `infinibay.health.v1.${service}`,
      ...reading.flatMap(({ once }) => once),
      ...(STREAM_FOLLOWERS.includes(service) ? [`$JS.API.STREAM.MSG.GET.${EVENTS_STREAM}`] : []),
    ],
    severalTimes: reading.flatMap(({ severalTimes }) => severalTimes),
  };
};

const published = (service: ServiceName, hostId: string): string[] => [
  ...REPORT_CONTRACTS.filter(({ producer }) => producer === service).map((contract) =>
    publishedReport(contract, hostId),
  ),
  ...REQUEST_CONTRACTS.filter(({ callers }) => callers.includes(service)).map((contract) =>
    requestSubject(contract, '*'),
  ),
];

const subscribed = (service: ServiceName, hostId: string): string[] => [
  ...REQUEST_CONTRACTS.filter(({ owner }) => owner === service).map((contract) => requestSubject(contract, hostId)),
  ...REPORT_CONTRACTS.filter(({ consumers }) => consumers.includes(service)).map((contract) =>
    publishedReport(contract, '*'),
  ),
  ...(STREAM_FOLLOWERS.includes(service) ? [LIVE_EVENTS_SUBJECTS] : []),
];

/**
 * What one service may say and hear on NATS, from the contracts alone: its own events, the requests that it calls and
 * those that it answers, its reports, and its consumers. Its account (accounts.ts) lets nothing else through either.
 * @param hostId the host that the service's process speaks for; only the hypervisor-agent's subjects depend on it.
 * @param user as whom it connects; an agent of a further host is not called like its service
 */
export const servicePermissions = (service: ServiceName, hostId: string, user: string = service): NatsPermissions => {
  const { once, severalTimes } = streamCallsOf(service, hostId);
  return {
    publish: [...published(service, hostId), ...once, ...severalTimes],
    subscribe: [...subscribed(service, hostId), `_INBOX.${user}.>`],
    // Only who owns a request answers one, and only on the subject that came with it.
    allowResponses: REQUEST_CONTRACTS.some(({ owner }) => owner === service),
  };
};

/**
 * What another team may do: read events through the one durable consumer that bears the user's name, with the inbox
 * prefix `_INBOX.<user>`. Nothing can be published.
 */
export const teamPermissions = (user: string): NatsPermissions => {
  const { once, severalTimes } = consumerCalls(user);
  return { publish: [...once, ...severalTimes], subscribe: [`_INBOX.${user}.>`] };
};

/** The events that a team reads: those of one department, or all of them. */
export const teamFilter = (departmentId: string | undefined): string =>
  departmentId === undefined ? 'infinibay.events.v1.>' : departmentFilter(departmentId);
