import type { HostRange } from '@infinibay/contracts';
import type { HostNetworkFacts } from './host-network-facts.js';
import { isIpv4, networkOf, rangesOverlap } from './ipv4-range.js';

/** The bridges that the platform makes, also those of which this run of the agent has not heard yet. */
const OUR_BRIDGE = /^ib[0-9a-f]{12}$/;

/** Halves and quarters of everything are how VPNs write a default route, which reserves nothing. */
const WIDEST_DEFAULT = 3;

/**
 * What the host itself uses: its addresses with the networks that they are in, the targets of its routes, its gateways,
 * DNS servers and the platform's endpoints. Bridges of our own networks don't count.
 * @param endpoints addresses of NATS and the like
 */
export const hostRanges = (
  facts: HostNetworkFacts,
  endpoints: readonly string[],
  ownBridges: ReadonlySet<string>,
): HostRange[] => {
  const isOurs = (device: string | undefined): boolean =>
    device !== undefined && (OUR_BRIDGE.test(device) || ownBridges.has(device));
  const links = [...facts.links.values()].filter(({ name }) => !isOurs(name));
  const routes = facts.routes.filter(({ device }) => !isOurs(device));
  const single = (address: string): string => `${address}/32`;
  const ranges: HostRange[] = [
    ...links
      .flatMap(({ addresses }) => addresses)
      .map(({ address, prefixLength }) => ({ cidr: networkOf(address, prefixLength), origin: 'ADDRESS' as const })),
    ...routes
      .filter(({ cidr }) => Number(cidr.split('/')[1]) > WIDEST_DEFAULT)
      .map(({ cidr }) => ({ cidr, origin: 'ROUTE' as const })),
    ...routes
      .flatMap(({ gateways }) => gateways)
      .filter(isIpv4)
      .map((address) => ({ cidr: single(address), origin: 'GATEWAY' as const })),
    ...facts.nameservers.filter(isIpv4).map((address) => ({ cidr: single(address), origin: 'DNS_SERVER' as const })),
    ...endpoints.filter(isIpv4).map((address) => ({ cidr: single(address), origin: 'SERVICE' as const })),
  ];
  return [...new Map(ranges.map((range) => [`${range.origin} ${range.cidr}`, range])).values()].sort((a, b) =>
    `${a.cidr} ${a.origin}` < `${b.cidr} ${b.origin}` ? -1 : 1,
  );
};

/** The first of the ranges that shares addresses with a network. */
export const conflictingRange = (cidr: string, ranges: readonly HostRange[]): HostRange | undefined =>
  ranges.find((range) => rangesOverlap(cidr, range.cidr));
