import { z } from 'zod';
import type { NftTable } from '../kernel/nft-ruleset.js';

export interface HostLink {
  readonly name: string;
  readonly mac: string;
  /** The bridge that it is in. */
  readonly master: string | undefined;
  readonly isUp: boolean;
  /** IPv4 only. */
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
}

export interface HostRoute {
  /** Such as 10.80.0.0/24, or 10.80.0.7/32. */
  readonly cidr: string;
  readonly device: string | undefined;
  readonly gateways: readonly string[];
  readonly isMain: boolean;
}

export interface UdpSocket {
  readonly address: string;
  /** The device that it is bound to. */
  readonly device: string | undefined;
  readonly port: number;
  /** Bytes that nobody has read yet: more than 0 for long means that the process hangs. */
  readonly unreadBytes: number;
}

/** The kernel's side of a host's networks, read at one moment in the namespace of libvirt's daemon. */
export interface HostNetworkFacts {
  readonly links: ReadonlyMap<string, HostLink>;
  readonly routes: readonly HostRoute[];
  readonly sockets: readonly UdpSocket[];
  /** Rules as iptables-save prints them, by table; without the counters and the COMMIT. */
  readonly rules: ReadonlyMap<string, readonly string[]>;
  /** libvirt's own table of nftables is there: its newer backend, whose rules are not compared. */
  readonly usesNftables: boolean;
  /** IPv4 tables whose rules are there, and which the kernel does not ask. */
  readonly dormantTables: readonly string[];
  readonly forwards: boolean;
  readonly nameservers: readonly string[];
}

/** What the kernel's own programs print. */
export interface FactTexts {
  readonly addresses: string;
  readonly routes: string;
  readonly sockets: string;
  readonly rules: string;
  readonly forwarding: string;
  readonly resolver: string;
  readonly nft: readonly NftTable[];
}

const Addresses = z.array(
  z.object({
    ifname: z.string().optional(),
    flags: z.array(z.string()).default([]),
    master: z.string().optional(),
    address: z.string().default(''),
    addr_info: z
      .array(
        z.object({ family: z.string().optional(), local: z.string().default(''), prefixlen: z.number().default(32) }),
      )
      .default([]),
  }),
);

const Routes = z.array(
  z.object({
    type: z.string().optional(),
    dst: z.string().default('default'),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    table: z.union([z.string(), z.number()]).optional(),
    nexthops: z.array(z.object({ gateway: z.string().optional(), dev: z.string().optional() })).default([]),
  }),
);

/** Kinds of routes that lead nowhere or to the host itself; addresses are read on their own. */
const NO_RANGE = new Set(['local', 'broadcast', 'multicast', 'anycast']);

export const parseFacts = (texts: FactTexts): HostNetworkFacts => ({
  links: linksOf(texts.addresses),
  routes: routesOf(texts.routes),
  sockets: texts.sockets.split('\n').flatMap(socketOf),
  rules: rulesOf(texts.rules),
  usesNftables: texts.nft.some(({ family, name }) => family === 'ip' && name === 'libvirt_network'),
  dormantTables: texts.nft.filter(({ family, isDormant }) => family === 'ip' && isDormant).map(({ name }) => name),
  forwards: texts.forwarding.trim() === '1',
  nameservers: [...texts.resolver.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? ''),
});

const linksOf = (text: string): ReadonlyMap<string, HostLink> =>
  new Map(
    Addresses.parse(JSON.parse(text === '' ? '[]' : text)).flatMap((link): [string, HostLink][] => {
      if (link.ifname === undefined) return [];
      const addresses = link.addr_info
        .filter(({ family }) => family === 'inet')
        .map(({ local, prefixlen }) => ({ address: local, prefixLength: prefixlen }));
      const { ifname: name, address: mac, master } = link;
      return [[name, { name, mac: mac.toLowerCase(), master, isUp: link.flags.includes('UP'), addresses }]];
    }),
  );

const routesOf = (text: string): HostRoute[] =>
  Routes.parse(JSON.parse(text === '' ? '[]' : text))
    .filter(({ type }) => type === undefined || !NO_RANGE.has(type))
    .map(({ dst, dev, gateway, table, nexthops }) => ({
      cidr: dst === 'default' ? '0.0.0.0/0' : dst.includes('/') ? dst : `${dst}/32`,
      device: dev,
      gateways: [gateway, ...nexthops.map((hop) => hop.gateway)].filter((hop) => hop !== undefined),
      isMain: table === undefined || table === 'main',
    }));

/** `UNCONN 0 0 0.0.0.0%virbr0:67 0.0.0.0:*` */
const socketOf = (line: string): UdpSocket[] => {
  const [, unread, , local = ''] = line.trim().split(/\s+/);
  const match = /^(.*?)(?:%([^:]+))?:(\d+)$/.exec(local);
  if (match === null) return [];
  return [{ address: match[1] ?? '', device: match[2], port: Number(match[3]), unreadBytes: Number(unread) }];
};

const rulesOf = (text: string): ReadonlyMap<string, readonly string[]> => {
  const tables = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) tables.set(line.slice(1).trim(), (lines = []));
    else if (line.startsWith('-A ')) lines.push(line.trim());
    else if (line.startsWith(':')) lines.push(`-N ${line.slice(1).split(' ')[0] ?? ''}`);
  }
  return tables;
};
