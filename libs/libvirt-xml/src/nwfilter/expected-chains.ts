import { BASE_FILTERS, type BaseFilter } from '../base-filters.js';
import type { XmlElement } from '../xml-element.js';
import type { FilterRule } from './filter-rules.js';

/** The card of a running VM. */
export interface FilteredInterface {
  /** Name of its tap on the host. */
  readonly device: string;
  readonly mac: string;
  /** IPv4 address that the filter was given for it. */
  readonly address: string;
  /** The bridge that libvirt put it in. */
  readonly bridge?: string | undefined;
}

/** Chains by name, with their rules in order as iptables-save and ebtables-save print them. */
export type ChainRules = ReadonlyMap<string, readonly string[]>;

export interface ExpectedChains {
  /** Of the table `filter` of iptables. */
  readonly iptables: ChainRules;
  /** Of the table `nat` of ebtables. */
  readonly ebtables: ChainRules;
}

/**
 * The chains that libvirt (9.0) makes for a card and all that must be in them. IPv6 has none: our base filters let only
 * IPv4 and ARP pass, so nothing of it gets as far as ip6tables.
 * @param rules as `filterRules` or `readFilterRules` give them
 */
export const expectedChains = (card: FilteredInterface, rules: readonly FilterRule[]): ExpectedChains => {
  const chain = (name: string, lineOf: (rule: FilterRule) => string | undefined): [string, string[]] => [
    name,
    rules.map(lineOf).flatMap((line) => (line === undefined ? [] : [`-A ${name} ${line}`])),
  ];
  return {
    iptables: new Map([
      chain(`FI-${card.device}`, fromGuest),
      chain(`FO-${card.device}`, toGuest),
      chain(`HI-${card.device}`, fromGuest),
    ]),
    ebtables: ethernetChains(card),
  };
};

/** RETURN and not ACCEPT: the chains of the guest that it goes to are asked next. */
const FROM_GUEST_TARGETS = { accept: 'RETURN', drop: 'DROP', reject: 'REJECT --reject-with icmp-port-unreachable' };
const TO_GUEST_TARGETS = { ...FROM_GUEST_TARGETS, accept: 'ACCEPT' };

const fromGuest = (rule: FilterRule): string | undefined => line(rule, 'out', FROM_GUEST_TARGETS[rule.action]);
const toGuest = (rule: FilterRule): string | undefined => line(rule, 'in', TO_GUEST_TARGETS[rule.action]);

/** A rule without a state also has a line for the answers, in the chains of the other way; one with a state has not. */
const line = (rule: FilterRule, way: 'in' | 'out', target: string): string | undefined => {
  const isAnswer = rule.direction !== 'inout' && rule.direction !== way;
  if (isAnswer && rule.state !== undefined) return undefined;
  return [
    addresses(rule, way),
    ...protocol(rule, isAnswer),
    ...states(rule, isAnswer),
    ...comment(rule),
    `-j ${target}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
};

/** What comes in comes from the other end, and what goes out goes to it, be it a question or an answer. */
const addresses = ({ remote }: FilterRule, way: 'in' | 'out'): string =>
  remote === undefined
    ? ''
    : `${way === 'in' ? '-s' : '-d'} ${networkAddress(remote.address, Number(remote.mask))}/${remote.mask}`;

/** iptables clears the bits of the host. */
const networkAddress = (address: string, prefixLength: number): string => {
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const base = number - (number % 2 ** (32 - prefixLength));
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.');
};

const protocol = ({ protocol: name, sourcePort, destinationPorts }: FilterRule, isAnswer: boolean): string[] => {
  if (name === 'all') return [];
  const source = sourcePort === undefined ? undefined : String(sourcePort);
  const destination = destinationPorts === undefined ? undefined : portRange(destinationPorts);
  const [from, to] = isAnswer ? [destination, source] : [source, destination];
  return [
    `-p ${name}`,
    ...(from === undefined && to === undefined ? [] : [`-m ${name}`]),
    ...(from === undefined ? [] : [`--sport ${from}`]),
    ...(to === undefined ? [] : [`--dport ${to}`]),
  ];
};

const portRange = ({ first, last }: { readonly first: number; readonly last?: number | undefined }): string =>
  last === undefined || last === first ? String(first) : `${first}:${last}`;

const states = ({ direction, state }: FilterRule, isAnswer: boolean): string[] => {
  if (direction === 'inout') return [];
  if (state !== undefined) return [`-m conntrack --ctstate ${state}`];
  return isAnswer
    ? ['-m conntrack --ctstate ESTABLISHED', '-m conntrack --ctdir REPLY']
    : ['-m conntrack --ctstate NEW,ESTABLISHED', '-m conntrack --ctdir ORIGINAL'];
};

const comment = (rule: FilterRule): string[] =>
  rule.comment === undefined ? [] : [`-m comment --comment "${rule.comment}"`];

/** One chain for each base filter with a chain of its own, asked in their order before the rules of the root. */
const ethernetChains = (card: FilteredInterface): ChainRules => {
  const { device } = card;
  const nameOf = ({ chain }: BaseFilter): string => `I-${device}-${chain}`;
  const own = BASE_FILTERS.filter(({ chain }) => chain !== 'root');
  const root = BASE_FILTERS.filter(({ chain }) => chain === 'root').flatMap(({ rules }) => rules);
  const rootRules = (way: 'in' | 'out'): string[] => root.flatMap((rule) => ethernetRule(rule, way, card));
  const chainOf = (name: string, rules: readonly string[]): [string, string[]] => [
    name,
    rules.map((rule) => `-A ${name} ${rule}`),
  ];
  return new Map([
    ...own.map((filter) =>
      chainOf(
        nameOf(filter),
        filter.rules.flatMap((rule) => ethernetRule(rule, 'out', card)),
      ),
    ),
    chainOf(`libvirt-I-${device}`, [
      ...own.map((filter) => `${ETHERNET_PROTOCOLS[filter.chain.split('-')[0] ?? ''] ?? ''}-j ${nameOf(filter)}`),
      ...rootRules('out'),
    ]),
    chainOf(`libvirt-O-${device}`, rootRules('in')),
  ]);
};

const ETHERNET_PROTOCOLS: Readonly<Record<string, string>> = { ipv4: '-p IPv4 ', ip: '-p IPv4 ', arp: '-p ARP ' };

/** How ebtables names what nwfilter's attributes match, in the order in which it prints them. */
const ETHERNET_OPTIONS = [
  ['srcmacaddr', '-s'],
  ['srcipaddr', '--ip-src'],
  ['dstipaddr', '--ip-dst'],
  ['protocol', '--ip-proto'],
  ['srcportstart', '--ip-sport'],
  ['dstportstart', '--ip-dport'],
  ['arpsrcmacaddr', '--arp-mac-src'],
  ['arpsrcipaddr', '--arp-ip-src'],
] as const;

const ethernetRule = ({ attributes, children }: XmlElement, way: 'in' | 'out', card: FilteredInterface): string[] => {
  if (attributes['direction'] !== 'inout' && attributes['direction'] !== way) return [];
  const [match] = children;
  const matched = typeof match === 'object' ? match : undefined;
  const values = matched?.attributes ?? {};
  const protocolName = matched?.name === 'mac' ? String(values['protocolid'] ?? '') : (matched?.name ?? '');
  const options = ETHERNET_OPTIONS.filter(([attribute]) => values[attribute] !== undefined).map(
    ([attribute, option]) => `${option} ${substituted(String(values[attribute]), card)} `,
  );
  const action = String(attributes['action']).toUpperCase();
  return [`${ETHERNET_PROTOCOLS[protocolName] ?? ''}${options.join('')}-j ${action}`];
};

const substituted = (value: string, { mac, address }: FilteredInterface): string =>
  value.replace('$MAC', mac.toLowerCase()).replace('$IP', address);
