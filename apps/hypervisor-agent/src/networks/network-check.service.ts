import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, type NetworkDifference, type ObservedNetwork } from '@infinibay/contracts';
import type { Network } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Deadline } from '../work/deadline.js';
import { HostRanges, type HostSide } from './host-ranges.service.js';
import { networkOf } from './ipv4-range.js';
import { LeaseService } from './lease.service.js';
import { difference, kernelDifferences } from './network-differences.js';
import { NetworkRepairs } from './network-repairs.js';
import { NetworkRepository } from './network.repository.js';
import type { DesiredNetwork } from './network.service.js';
import { reservationDiff } from './reservation-diff.js';
import { conflictingRange } from './reserved-ranges.js';

const REPAIR_MS = 20_000;
/** A guest that is just being started or ended is no drift: what differs is looked at once more. */
const SECOND_LOOK_MS = 400;
/** What nothing smaller than a new bridge mends. */
const NEEDS_BRIDGE = new Set(['BRIDGE_MISSING', 'NETWORK_INACTIVE']);
/** What is told and left: mending it would cut guests off, or can't be done here. */
const ONLY_TOLD = new Set(['RANGE_RESERVED', 'TAP_MISSING']);
const MAX_DIFFERENCES = 50;

/** Compares a network with its host, whole, and mends what differs. Work on one network must not overlap. */
@Injectable()
export class NetworkCheck {
  private readonly found: Counter<'difference'>;
  private readonly repaired: Counter<'outcome'>;

  constructor(
    private readonly networks: NetworkRepository,
    private readonly repairs: NetworkRepairs,
    private readonly leases: LeaseService,
    private readonly hostRanges: HostRanges,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.found = metrics.counter('infinibay_network_differences_total', 'Differences of networks found on the host', [
      'difference',
    ]);
    this.repaired = metrics.counter('infinibay_network_repairs_total', 'Repairs of networks', ['outcome']);
  }

  /** What differs; looked at twice, for a host in motion looks drifted for a moment. */
  async differences(desired: DesiredNetwork, host: HostSide): Promise<NetworkDifference[]> {
    const first = await this.compare(desired, host);
    if (first.length === 0 || host.facts === null) return first;
    await delay(SECOND_LOOK_MS);
    return this.compareNow(desired, host);
  }

  /** @returns how the network stands after the attempt */
  async repair(desired: DesiredNetwork, differences: NetworkDifference[], host: HostSide): Promise<ObservedNetwork> {
    const { networkId } = desired.spec;
    for (const { kind } of differences) this.found.inc({ difference: kind });
    this.logger.warn({ networkId, differences }, 'network drifted; repairing it');
    try {
      const left = await this.attempt(desired, differences, host);
      this.repaired.inc({ outcome: left.length === 0 ? 'ok' : 'incomplete' });
      if (left.length === 0) this.logger.info({ networkId, differences }, 'network repaired');
      else this.logger.error({ networkId, differences: left }, 'network is still drifted after its repair');
      return observed(desired, left, left.length === 0 ? null : 'the repair did not hold');
    } catch (error) {
      this.repaired.inc({ outcome: 'failed' });
      this.logger.error({ networkId, differences, err: error }, 'network could not be repaired');
      return observed(desired, differences, reasonOf(error));
    }
  }

  private async attempt(
    desired: DesiredNetwork,
    differences: readonly NetworkDifference[],
    host: HostSide,
  ): Promise<NetworkDifference[]> {
    const { spec } = desired;
    const deadline = Deadline.after(REPAIR_MS);
    const network = await this.networks.find(spec);
    if (network === undefined || !(await this.networks.isActive(network)))
      await this.repairs.build(spec, host.ownBridges, deadline);
    else if (differences.some(({ kind }) => NEEDS_BRIDGE.has(kind)))
      await this.repairs.rebuild(network, spec, host.ownBridges, deadline);
    else await this.repairs.mend(network, spec, differences, deadline);
    const left = await this.compareNow(desired, host);
    // Bridge and server are libvirt's to make anew when they can't be mended in place; rules would be no better for it.
    if (network === undefined || !left.some(({ kind }) => kind === 'DHCP_SERVER_DOWN' || kind === 'ADDRESS_MISSING'))
      return left;
    await this.repairs.rebuild(network, spec, host.ownBridges, deadline);
    return this.compareNow(desired, host);
  }

  private async compareNow(desired: DesiredNetwork, host: HostSide): Promise<NetworkDifference[]> {
    return this.compare(desired, await this.hostRanges.sideNow(host));
  }

  private async compare({ spec }: DesiredNetwork, { facts, ranges, taps }: HostSide): Promise<NetworkDifference[]> {
    const network = await this.networks.find(spec);
    const conflict = conflictingRange(networkOf(spec.gateway, spec.prefixLength), ranges ?? []);
    const reserved =
      conflict === undefined
        ? []
        : [difference('RANGE_RESERVED', `the host uses ${conflict.cidr} (${conflict.origin})`)];
    if (network === undefined || !(await this.networks.isActive(network)))
      return [difference('NETWORK_INACTIVE', network === undefined ? 'not defined' : 'not active'), ...reserved];
    return [
      ...(await this.libvirtDifferences(network, spec, facts !== null)),
      ...(facts === null ? [] : kernelDifferences(spec, facts, taps)),
      ...reserved,
    ];
  }

  private async libvirtDifferences(
    network: Network,
    spec: DesiredNetwork['spec'],
    hasKernel: boolean,
  ): Promise<NetworkDifference[]> {
    const { reservations } = await this.networks.facts(network);
    const { remove, add } = reservationDiff(reservations, spec.reservations);
    const stale = hasKernel ? await this.leases.stale(network, spec) : [];
    return [
      ...add.map(({ mac, address }) => difference('RESERVATIONS', `missing: ${mac} ${address}`)),
      ...remove.map(({ mac, address }) => difference('RESERVATIONS', `too much: ${mac} ${address}`)),
      ...stale.map(({ mac, address }) => difference('LEASE_STALE', `${mac} ${address}`)),
    ];
  }
}

/** Whether anything of it is to be mended. */
export const isMendable = (differences: readonly NetworkDifference[]): boolean =>
  differences.some(({ kind }) => !ONLY_TOLD.has(kind));

/** @param reason why a repair failed; null: none was tried, or it is whole */
export const observed = (
  { spec, revision }: DesiredNetwork,
  differences: readonly NetworkDifference[],
  reason: string | null,
): ObservedNetwork => ({
  networkId: spec.networkId,
  revision,
  status: differences.length === 0 ? 'ACTIVE' : reason === null ? 'DRIFTED' : 'ERROR',
  differences: differences.slice(0, MAX_DIFFERENCES),
  reason: differences.length === 0 ? null : reason,
});

/** The cause's own words stay in the log: they may hold paths of the host. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof DomainError)) return 'INTERNAL';
  const { reason } = error.details;
  return typeof reason === 'string' ? `${error.code}: ${reason}`.slice(0, 300) : error.code;
};
