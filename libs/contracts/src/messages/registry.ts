import * as firewallEvents from '../events/firewall.events.js';
import * as hostEvents from '../events/host.events.js';
import * as metricsEvents from '../events/metrics.events.js';
import * as networksEvents from '../events/networks.events.js';
import * as usersEvents from '../events/users.events.js';
import * as vmsEvents from '../events/vms.events.js';
import * as hostReports from '../reports/host.reports.js';
import * as firewallRequests from '../requests/firewall.requests.js';
import * as hostDetailsRequests from '../requests/host-details.requests.js';
import * as hostRequests from '../requests/host.requests.js';
import * as metricsRequests from '../requests/metrics.requests.js';
import * as networksRequests from '../requests/networks.requests.js';
import * as usersRequests from '../requests/users.requests.js';
import * as vmSizesRequests from '../requests/vm-sizes.requests.js';
import * as vmsRequests from '../requests/vms.requests.js';
import * as volumesRequests from '../requests/volumes.requests.js';
import type { AnyContract, EventContract, ReportContract, RequestContract } from './define.js';

const isContract = (value: unknown): value is AnyContract =>
  typeof value === 'object' &&
  value !== null &&
  'type' in value &&
  'version' in value &&
  ['event', 'command', 'query', 'report'].includes(String(value.type));

/** Every message of the platform. AsyncAPI, JSON Schemas and NATS permissions are generated from it. */
export const CONTRACTS: readonly AnyContract[] = [
  usersEvents,
  vmsEvents,
  networksEvents,
  firewallEvents,
  metricsEvents,
  hostEvents,
  hostReports,
  usersRequests,
  vmsRequests,
  networksRequests,
  firewallRequests,
  metricsRequests,
  hostRequests,
  volumesRequests,
  hostDetailsRequests,
  vmSizesRequests,
].flatMap((module) => Object.values<unknown>(module).filter(isContract));

export const EVENT_CONTRACTS = CONTRACTS.filter((contract): contract is EventContract => contract.type === 'event');
export const REPORT_CONTRACTS = CONTRACTS.filter((contract): contract is ReportContract => contract.type === 'report');
export const REQUEST_CONTRACTS = CONTRACTS.filter(
  (contract): contract is RequestContract => contract.type === 'command' || contract.type === 'query',
);

const eventsByName = new Map(EVENT_CONTRACTS.map((contract) => [contract.name as string, contract]));

/** The contract of an event by its name, or undefined for one that this version does not know. */
export const findEventContract = (name: string): EventContract | undefined => eventsByName.get(name);
