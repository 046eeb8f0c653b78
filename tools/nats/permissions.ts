import {
  EVENT_CONTRACTS,
  EVENTS_STREAM,
  HEALTH_STREAM,
  REPORT_CONTRACTS,
  REQUEST_CONTRACTS,
  departmentFilter,
  eventFilter,
  eventSubject,
  hostReportSubject,
  metricsSubject,
  requestSubject,
  vmDeleted,
  vmGuestConnected,
  type EventContract,
  type ReportContract,
  type ServiceName,
} from '@infinibay/contracts';

import type { NatsPermissions } from '../stack/nats-config.ts';

/** Reports that are addressed to a VM's watchers and not to those of a host. */
const SAMPLE_REPORT = 'guest.sampled';

const reportSubject = (contract: ReportContract, hostId: string): string =>
  contract.name === SAMPLE_REPORT ? metricsSubject('*', '*') : hostReportSubject(contract, hostId);

/** Any service may be the first to start: it makes the streams. None may change, purge or delete them. */
const STREAM_CALLS = [EVENTS_STREAM, HEALTH_STREAM].flatMap((stream) => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.CREATE.${stream}`,
]);

/**
 * The durable consumers of the services: what each calls itself after the service's name, and the one event it reads.
 * The same as the `@HandlesEvent` of the apps; a spec compares them.
 */
export const DURABLE_CONSUMERS: Readonly<Partial<Record<ServiceName, Readonly<Record<string, EventContract>>>>> = {
  vms: { 'guest-ready': vmGuestConnected },
  firewall: { 'vm-deleted': vmDeleted },
  'metrics-collector': { 'forget-vm': vmDeleted },
};

/** All that one durable consumer takes; it can't be deleted nor the stream be read past it. */
const consumerCalls = (durable: string, filter: string): readonly string[] => [
  `$JS.API.CONSUMER.CREATE.${EVENTS_STREAM}.${durable}.${filter}`,
  `$JS.API.CONSUMER.INFO.${EVENTS_STREAM}.${durable}`,
  `$JS.API.CONSUMER.MSG.NEXT.${EVENTS_STREAM}.${durable}`,
  `$JS.ACK.${EVENTS_STREAM}.${durable}.>`,
];

/** Following and replaying the whole stream for the people that watch: ordered consumers with chance names come and go. */
const EVENT_REPLAY = [
  ...consumerCalls('*', 'infinibay.events.v1.>'),
  `$JS.API.CONSUMER.DELETE.${EVENTS_STREAM}.*`,
  `$JS.API.STREAM.MSG.GET.${EVENTS_STREAM}`,
];

/** A service reads through its own consumers only: through another's it would take away what that one waits for. */
const eventReading = (service: ServiceName): readonly string[] => {
  if (service === 'realtime') return EVENT_REPLAY;
  return Object.entries(DURABLE_CONSUMERS[service] ?? {}).flatMap(([purpose, event]) =>
    consumerCalls(`${service}-${purpose}`, eventFilter(event)),
  );
};

/** A host speaks under its own subject only: nobody takes its word for another's. */
const publishedEvent = ({ name, producer }: EventContract, hostId: string): string =>
  producer === 'hypervisor-agent'
    ? eventSubject({ name, departmentId: null, resource: { kind: 'host', id: hostId } })
    : eventFilter({ name });

const published = (service: ServiceName, hostId: string): string[] => [
  ...EVENT_CONTRACTS.filter(({ producer }) => producer === service).map((contract) => publishedEvent(contract, hostId)),
  ...REPORT_CONTRACTS.filter(({ producer }) => producer === service).map((contract) => reportSubject(contract, hostId)),
  ...REQUEST_CONTRACTS.filter(({ callers }) => callers.includes(service)).map((contract) =>
    requestSubject(contract, '*'),
  ),
];

const subscribed = (service: ServiceName, hostId: string): string[] => [
  ...REQUEST_CONTRACTS.filter(({ owner }) => owner === service).map((contract) => requestSubject(contract, hostId)),
  ...REPORT_CONTRACTS.filter(({ consumers }) => consumers.includes(service)).map((contract) =>
    reportSubject(contract, '*'),
  ),
];

/**
 * What one service may say and hear on NATS, from the contracts alone: its own events, the requests that it calls and
 * those that it answers, its reports, and the JetStream calls of the messaging library.
 * @param hostId the host that the service's process speaks for; only the hypervisor-agent's subjects depend on it.
 */
export const servicePermissions = (service: ServiceName, hostId: string): NatsPermissions => ({
  publish: [...published(service, hostId), `infinibay.health.v1.${service}`, ...STREAM_CALLS, ...eventReading(service)],
  subscribe: [...subscribed(service, hostId), `_INBOX.${service}.>`],
  // Only who owns a request answers one, and only on the subject that came with it.
  allowResponses: REQUEST_CONTRACTS.some(({ owner }) => owner === service),
});

/**
 * What another team may do: read events through one durable consumer that bears the user's name, with the inbox prefix
 * `_INBOX.<user>`. Nothing can be published.
 * @param departmentId limits the events to one department's; all departments when undefined.
 */
export const consumerPermissions = (user: string, departmentId?: string): NatsPermissions => {
  const filter = departmentId === undefined ? 'infinibay.events.v1.>' : departmentFilter(departmentId);
  return {
    publish: consumerCalls(user, filter),
    subscribe: [`_INBOX.${user}.>`],
  };
};
