import { lookup } from 'node:dns/promises';
import { DomainError, type HostRange, type NetworkSpec } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { HostFactsReader } from '../host/host-facts.js';
import { RunningCards } from '../domains/running-cards.js';
import type { HostNetworkFacts } from './host-network-facts.js';
import { HostNetworkReader } from './host-network.reader.js';
import { isIpv4, networkOf } from './ipv4-range.js';
import { conflictingRange, hostRanges } from './reserved-ranges.js';

export interface HostSide {
  /** null: libvirt's test driver, which has no kernel behind it. */
  readonly facts: HostNetworkFacts | null;
  readonly ranges: readonly HostRange[] | null;
  readonly ownBridges: ReadonlySet<string>;
  /** Names of the taps of running guests, by the MAC of their cards. */
  readonly taps: ReadonlyMap<string, string>;
}

/** The ranges that the host uses itself, which no tenant's network may take. */
@Injectable()
export class HostRanges {
  private endpoints: readonly string[] = [];

  constructor(
    private readonly host: HostFactsReader,
    private readonly kernel: HostNetworkReader,
    private readonly cards: RunningCards,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param ownBridges of networks of ours that the host has */
  async of(facts: HostNetworkFacts, ownBridges: ReadonlySet<string>): Promise<HostRange[]> {
    await this.resolveEndpoints();
    return hostRanges(facts, this.endpoints, ownBridges);
  }

  /** Everything on the host that networks are compared with, as the newest reading has it. */
  async side(ownBridges: ReadonlySet<string>): Promise<HostSide> {
    if (!(await this.hasKernel())) return { facts: null, ranges: null, ownBridges, taps: new Map() };
    const facts = await this.kernel.readRecent();
    return { facts, ranges: await this.of(facts, ownBridges), ownBridges, taps: await this.cards.taps() };
  }

  /** Guests and kernel as they are after all that was changed before this call; the ranges stay. */
  async sideNow(host: HostSide): Promise<HostSide> {
    if (host.facts === null) return host;
    // The guests first: one that has just gone has no tap, and that is right.
    const taps = await this.cards.taps();
    return { ...host, taps, facts: await this.kernel.read() };
  }

  /**
   * Asks the kernel now, right before the network is made: the service's knowledge is as old as the last report.
   * @throws DomainError NETWORK_RANGE_RESERVED
   */
  async requireFree(spec: NetworkSpec, ownBridges: ReadonlySet<string>): Promise<void> {
    if (!(await this.hasKernel())) return;
    const ranges = await this.of(await this.kernel.read(), new Set([...ownBridges, spec.bridge]));
    const range = conflictingRange(networkOf(spec.gateway, spec.prefixLength), ranges);
    if (range !== undefined) throw rangeReserved(spec, range);
  }

  /** libvirt's test driver makes no bridge. */
  async hasKernel(): Promise<boolean> {
    return (await this.host.capabilities()).driver.toLowerCase() !== 'test';
  }

  private async resolveEndpoints(): Promise<void> {
    const hosts = this.config.NATS_URL.split(',').flatMap(hostnameOf);
    try {
      const found = await Promise.all(
        hosts.map(async (host) =>
          isIpv4(host) ? [host] : (await lookup(host, { family: 4, all: true })).map(({ address }) => address),
        ),
      );
      this.endpoints = found.flat();
    } catch (error) {
      // What was found before stays reserved.
      this.logger.debug({ err: error, hosts }, 'the addresses of NATS cannot be resolved');
    }
  }
}

export const rangeReserved = (spec: NetworkSpec, range: HostRange, cause?: unknown): DomainError =>
  new DomainError(
    'NETWORK_RANGE_RESERVED',
    {
      networkId: spec.networkId,
      cidr: networkOf(spec.gateway, spec.prefixLength),
      reserved: range.cidr,
      origin: range.origin,
    },
    { cause },
  );

const hostnameOf = (url: string): string[] => {
  const parsed = URL.parse(url.includes('://') ? url.trim() : `nats://${url.trim()}`);
  return parsed === null || parsed.hostname === '' ? [] : [parsed.hostname];
};
