import type { NetworkDifference, NetworkDifferenceKind, NetworkSpec } from '@infinibay/contracts';
import type { HostLink, HostNetworkFacts } from './host-network-facts.js';
import { natRuleDifferences } from './nat-rules.js';
import { networkOf } from './ipv4-range.js';

const DNS_PORT = 53;
const DHCP_PORT = 67;
const LONGEST_DETAIL = 300;

export const difference = (kind: NetworkDifferenceKind, detail: string): NetworkDifference => ({
  kind,
  detail: detail.slice(0, LONGEST_DETAIL),
});

/** libvirt gives the tap of a card the card's own MAC with this first octet. */
const TAP_OCTET = 'fe';
const tapMacOf = (mac: string): string => `${TAP_OCTET}${mac.slice(2).toLowerCase()}`;

/** Names of the taps of running guests, by the MAC of their cards. */
export type RunningTaps = ReadonlyMap<string, string>;

/** What the kernel has otherwise than the network should be. */
export const kernelDifferences = (
  spec: NetworkSpec,
  facts: HostNetworkFacts,
  taps: RunningTaps = new Map(),
): NetworkDifference[] => {
  const bridge = facts.links.get(spec.bridge);
  const forwarding = facts.forwards ? [] : [difference('FORWARDING_OFF', 'net.ipv4.ip_forward is 0')];
  const rules = natRuleDifferences(spec, facts).map((detail) => difference('NAT_RULES', detail));
  if (bridge === undefined)
    return [difference('BRIDGE_MISSING', `${spec.bridge} does not exist`), ...forwarding, ...rules];
  return [
    ...bridgeDifferences(spec, bridge, facts),
    ...tapsOf(spec, facts, taps).flatMap((tap) => tapDifference(spec, tap)),
    ...lostTaps(spec, facts, taps).map(({ mac, name, link }) =>
      link === undefined
        ? difference('TAP_MISSING', `${name} of ${mac} is gone: its VM has no network until it is started again`)
        : difference('TAP_RENAMED', `${name} of ${mac} is called ${link.name}`),
    ),
    ...dhcpDifferences(spec, facts),
    ...forwarding,
    ...rules,
  ];
};

/** The taps of running guests that have a reservation in the network: by their names, and by their MACs. */
export const tapsOf = (spec: NetworkSpec, facts: HostNetworkFacts, taps: RunningTaps): HostLink[] => {
  const names = new Set(spec.reservations.flatMap(({ mac }) => taps.get(mac.toLowerCase()) ?? []));
  const macs = new Set(spec.reservations.map(({ mac }) => tapMacOf(mac)));
  return [...facts.links.values()].filter((link) => names.has(link.name) || macs.has(link.mac));
};

export interface LostTap {
  readonly mac: string;
  /** As libvirt made it. */
  readonly name: string;
  /** What may be it under another name. */
  readonly link: HostLink | undefined;
}

/** Taps of running guests that the host does not have by their names. */
export const lostTaps = (spec: NetworkSpec, facts: HostNetworkFacts, taps: RunningTaps): LostTap[] =>
  spec.reservations.flatMap(({ mac }) => {
    const name = taps.get(mac.toLowerCase());
    if (name === undefined || facts.links.has(name)) return [];
    return [{ mac, name, link: [...facts.links.values()].find((link) => link.mac === tapMacOf(mac)) }];
  });

const tapDifference = (spec: NetworkSpec, tap: HostLink): NetworkDifference[] => {
  if (tap.master !== spec.bridge) return [difference('TAP_DETACHED', `${tap.name} is in ${tap.master ?? 'no bridge'}`)];
  return tap.isUp ? [] : [difference('TAP_DOWN', `${tap.name} is down`)];
};

const bridgeDifferences = (spec: NetworkSpec, bridge: HostLink, facts: HostNetworkFacts): NetworkDifference[] => {
  const isOurs = ({ address, prefixLength }: HostLink['addresses'][number]): boolean =>
    address === spec.gateway && prefixLength === spec.prefixLength;
  const range = networkOf(spec.gateway, spec.prefixLength);
  const hasAddress = bridge.addresses.some(isOurs);
  const hasRoute = facts.routes.some(({ cidr, device, isMain }) => isMain && cidr === range && device === bridge.name);
  return [
    ...(bridge.isUp ? [] : [difference('BRIDGE_DOWN', `${bridge.name} is down`)]),
    ...(hasAddress
      ? []
      : [difference('ADDRESS_MISSING', `${spec.gateway}/${spec.prefixLength} is not on ${bridge.name}`)]),
    ...bridge.addresses
      .filter((address) => !isOurs(address))
      .map(({ address, prefixLength }) => difference('ADDRESS_FOREIGN', `${address}/${prefixLength}`)),
    ...(hasRoute || !hasAddress || !bridge.isUp ? [] : [difference('ROUTE_MISSING', `no route to ${range}`)]),
  ];
};

/** dnsmasq answers DNS always, and DHCP once there is a reservation. What hangs leaves unread what guests send. */
const dhcpDifferences = (spec: NetworkSpec, facts: HostNetworkFacts): NetworkDifference[] => {
  const dhcp = facts.sockets.filter(({ port, device }) => port === DHCP_PORT && device === spec.bridge);
  const dns = facts.sockets.filter(({ port, address }) => port === DNS_PORT && address === spec.gateway);
  const needed =
    spec.reservations.length === 0
      ? [[DNS_PORT, dns]]
      : [
          [DNS_PORT, dns],
          [DHCP_PORT, dhcp],
        ];
  return (needed as [number, typeof dns][]).flatMap(([port, sockets]) => {
    if (sockets.length === 0) return [difference('DHCP_SERVER_DOWN', `nothing listens on port ${port}`)];
    const unread = Math.max(...sockets.map(({ unreadBytes }) => unreadBytes));
    return unread === 0 ? [] : [difference('DHCP_SERVER_DOWN', `port ${port} is not read`)];
  });
};
