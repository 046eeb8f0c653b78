import { z } from 'zod';
import { NO_DEPARTMENT, type EventEnvelope } from './envelope.js';
import type { EventContract, ReportContract, RequestContract } from './define.js';

/** Name of the one JetStream stream that holds the events of all services. */
export const EVENTS_STREAM = 'EVENTS';
export const EVENTS_SUBJECTS = 'infinibay.events.v1.>';
/**
 * The server says each stored event again here, as it stores it, with its sequence and the one before in headers: for
 * those that follow the whole stream. `infinibay.live.v1.<the rest of the event's subject>`.
 */
export const LIVE_EVENTS_SUBJECTS = 'infinibay.live.v1.>';
/** Small stream that readiness checks publish into. */
export const HEALTH_STREAM = 'HEALTH';
export const HEALTH_SUBJECTS = 'infinibay.health.v1.>';

const token = (value: string): string => {
  if (!/^[A-Za-z0-9_-]+$/.test(value)) throw new RangeError(`not a NATS subject token: ${JSON.stringify(value)}`);
  return value;
};

/** `infinibay.events.v1.<departmentId|global>.<resource>.<resourceId>.<fact>`: tenant first, so a consumer can be limited to one department. */
export const eventSubject = (event: Pick<EventEnvelope, 'name' | 'departmentId' | 'resource'>): string => {
  const [, fact] = event.name.split('.');
  return [
    'infinibay.events.v1',
    event.departmentId === null ? NO_DEPARTMENT : token(event.departmentId),
    token(event.resource.kind),
    token(event.resource.id),
    token(fact ?? ''),
  ].join('.');
};

/** Subject filter that matches one kind of event, of every department and resource. */
export const eventFilter = (contract: Pick<EventContract, 'name'>): string => {
  const [resource, fact] = contract.name.split('.');
  return `infinibay.events.v1.*.${token(resource ?? '')}.*.${token(fact ?? '')}`;
};

/** Every event of one department. */
export const departmentFilter = (departmentId: string): string => `infinibay.events.v1.${token(departmentId)}.>`;

/** Requests to a service: `infinibay.svc.v1.<service>.<verb>`; to a host: `infinibay.host.v1.<hostId>.<verb>`. */
export const requestSubject = (contract: Pick<RequestContract, 'name' | 'owner'>, hostId?: string): string => {
  const verb = token(contract.name.slice(contract.name.indexOf('.') + 1));
  if (contract.owner !== 'hypervisor-agent') return `infinibay.svc.v1.${contract.owner}.${verb}`;
  if (hostId === undefined) throw new RangeError(`${contract.name} needs a host id`);
  return `infinibay.host.v1.${hostId === '*' ? '*' : token(hostId)}.${verb}`;
};

/** Reports of a host: `infinibay.reports.v1.<hostId>.<name>`; samples use `infinibay.metrics.v1.<departmentId>.<vmId>`. */
export const hostReportSubject = (contract: Pick<ReportContract, 'name'>, hostId: string): string =>
  `infinibay.reports.v1.${hostId === '*' ? '*' : token(hostId)}.${token(contract.name.replace('.', '-'))}`;

export const metricsSubject = (departmentId: string, vmId: string): string =>
  `infinibay.metrics.v1.${departmentId === '*' ? '*' : token(departmentId)}.${vmId === '*' ? '*' : token(vmId)}`;

/** In the place of a host's id in the reports of a service. */
const SERVICES = 'services';

/**
 * Where a report goes that is not a sample: a host's below its id, a service's at `infinibay.reports.v1.services.<name>`.
 * @param hostId for a report of a host; `*` for those of all
 */
export const reportSubject = (contract: Pick<ReportContract, 'name' | 'producer'>, hostId?: string): string => {
  if (contract.producer !== 'hypervisor-agent') return hostReportSubject(contract, SERVICES);
  if (hostId === undefined) throw new RangeError(`${contract.name} needs a host id`);
  return hostReportSubject(contract, hostId);
};

const NamingHost = z.object({
  hostId: z.string().optional(),
  inventory: z.object({ hostId: z.string() }).optional(),
});

/** The host that a report or an event of a host says it is of; undefined: it names none, and its subject alone says it. */
export const hostNamedIn = (data: unknown): string | undefined => {
  const named = NamingHost.safeParse(data).data;
  return named?.hostId ?? named?.inventory?.hostId;
};
