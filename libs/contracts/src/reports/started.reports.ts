import { z } from 'zod';
import { defineReport, type ReportContract } from '../messages/define.js';
import type { ServiceName } from '../messages/services.js';
import { Uuid } from '../model/scalars.js';
import { REQUEST_CONTRACTS } from '../requests/request-contracts.js';

const Start = z.object({
  instance: Uuid.describe('One run of the process'),
  occasion: z
    .enum(['STARTED', 'RECONNECTED'])
    .describe('Whether the process is new, or has found NATS again: what it answered meanwhile is lost'),
});

/** Whoever may call an owner hears when it starts. */
const callersOf = (owner: ServiceName): ServiceName[] => [
  ...new Set(REQUEST_CONTRACTS.filter((contract) => contract.owner === owner).flatMap(({ callers }) => callers)),
];

const started = (name: ReportContract['name'], producer: ServiceName): ReportContract<typeof Start> =>
  defineReport({
    name,
    version: 1,
    description: `An instance of ${producer} has begun to listen: whoever waits for an answer of ${name === 'host.started' ? 'this host' : 'this service'} sends its request again.`,
    producer,
    consumers: callersOf(producer),
    data: Start,
    example: { instance: '0196f5a0-0000-7000-8000-0000000000ee', occasion: 'STARTED' },
  });

export const usersStarted = started('users.started', 'users');
export const vmsStarted = started('vms.started', 'vms');
export const networksStarted = started('networks.started', 'networks');
export const firewallStarted = started('firewall.started', 'firewall');
export const metricsCollectorStarted = started('metrics-collector.started', 'metrics-collector');
export const hostStarted = started('host.started', 'hypervisor-agent');

const STARTED = [usersStarted, vmsStarted, networksStarted, firewallStarted, metricsCollectorStarted, hostStarted];

/** How the owner of requests tells that it listens; undefined for a service that answers none. */
export const startedReportOf = (owner: ServiceName): ReportContract<typeof Start> | undefined =>
  STARTED.find(({ producer }) => producer === owner);
