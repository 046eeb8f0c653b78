import * as firewallEvents from '../events/firewall.events.js';
import * as hostEvents from '../events/host.events.js';
import * as imagesEvents from '../events/images.events.js';
import * as metricsEvents from '../events/metrics.events.js';
import * as networksEvents from '../events/networks.events.js';
import * as usersEvents from '../events/users.events.js';
import * as vmsEvents from '../events/vms.events.js';
import * as hostReports from '../reports/host.reports.js';
import * as startedReports from '../reports/started.reports.js';
import { REQUEST_CONTRACTS, isContract } from '../requests/request-contracts.js';
import type { AnyContract, EventContract, ReportContract } from './define.js';

export { REQUEST_CONTRACTS };

/** Every message of the platform. AsyncAPI, JSON Schemas and NATS permissions are generated from it. */
export const CONTRACTS: readonly AnyContract[] = [
  ...[
    usersEvents,
    vmsEvents,
    imagesEvents,
    networksEvents,
    firewallEvents,
    metricsEvents,
    hostEvents,
    hostReports,
    startedReports,
  ]
    .flatMap((module) => Object.values<unknown>(module))
    .filter(isContract),
  ...REQUEST_CONTRACTS,
];

export const EVENT_CONTRACTS = CONTRACTS.filter((contract): contract is EventContract => contract.type === 'event');
export const REPORT_CONTRACTS = CONTRACTS.filter((contract): contract is ReportContract => contract.type === 'report');

const eventsByName = new Map(EVENT_CONTRACTS.map((contract) => [contract.name as string, contract]));

/** The contract of an event by its name, or undefined for one that this version does not know. */
export const findEventContract = (name: string): EventContract | undefined => eventsByName.get(name);
