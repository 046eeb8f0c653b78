import { uuidOfName } from './names.js';
import { element, renderXml, type XmlElement } from './xml-element.js';

/**
 * What every VM's filter refers to. libvirt's stock filters may not be installed on a host, so these are our own.
 * $IP and $MAC come from the interface's filterref.
 */
export interface BaseFilter {
  readonly name: string;
  readonly chain: string;
  /** Order among the chains of an interface: lower is asked first. */
  readonly chainPriority?: number;
  readonly rules: readonly XmlElement[];
}

const rule = (action: string, direction: string, priority: number, match?: XmlElement): XmlElement =>
  element('rule', { action, direction, priority }, match);

/** In the order in which their chains are asked. */
export const BASE_FILTERS: readonly BaseFilter[] = [
  {
    name: 'infinibay-base-mac',
    chain: 'mac',
    chainPriority: -800,
    rules: [
      rule('return', 'out', 350, element('mac', { srcmacaddr: '$MAC' })),
      rule('drop', 'out', 500, element('mac')),
    ],
  },
  {
    name: 'infinibay-base-ipv4',
    chain: 'ipv4-address',
    chainPriority: -710,
    rules: [
      // Nobody but the host gives addresses away.
      rule('drop', 'out', 90, element('ip', { protocol: 'udp', srcportstart: 67, dstportstart: 68 })),
      // A guest without an address asks for one from 0.0.0.0.
      rule(
        'return',
        'out',
        100,
        element('ip', {
          srcipaddr: '0.0.0.0',
          dstipaddr: '255.255.255.255',
          protocol: 'udp',
          srcportstart: 68,
          dstportstart: 67,
        }),
      ),
      rule('return', 'out', 500, element('ip', { srcipaddr: '$IP' })),
      rule('drop', 'out', 1000),
    ],
  },
  {
    name: 'infinibay-base-arp-mac',
    chain: 'arp-mac',
    chainPriority: -520,
    rules: [rule('return', 'out', 350, element('arp', { arpsrcmacaddr: '$MAC' })), rule('drop', 'out', 1000)],
  },
  {
    name: 'infinibay-base-arp-ip',
    chain: 'arp-ip',
    chainPriority: -510,
    rules: [
      rule('return', 'out', 350, element('arp', { arpsrcipaddr: '$IP' })),
      // Address probes (RFC 5227) claim nothing.
      rule('return', 'out', 400, element('arp', { arpsrcipaddr: '0.0.0.0' })),
      rule('drop', 'out', 1000),
    ],
  },
  {
    // IPv4 and ARP are all that a VM may speak; it has no IPv6 address yet, so IPv6 is dropped with the rest.
    name: 'infinibay-base-ethernet',
    chain: 'root',
    rules: [
      rule('accept', 'inout', 500, element('mac', { protocolid: 'ipv4' })),
      rule('accept', 'inout', 500, element('mac', { protocolid: 'arp' })),
      rule('drop', 'inout', 1000),
    ],
  },
];

export const BASE_FILTER_NAMES: readonly string[] = BASE_FILTERS.map(({ name }) => name);

/** Every base filter by name, with a UUID that never changes, so that defining one again replaces it. */
export const baseFilterXmls = (): readonly { readonly name: string; readonly xml: string }[] =>
  BASE_FILTERS.map(({ name, chain, chainPriority, rules }) => ({
    name,
    xml: renderXml(
      element('filter', { name, chain, priority: chainPriority }, element('uuid', {}, uuidOfName(name)), ...rules),
    ),
  }));
