import type { NetworkSpec } from '@infinibay/contracts';
import { ROUTED_TABLE, routedPacketsRule } from '../kernel/routed-packets.js';
import type { HostNetworkFacts } from './host-network-facts.js';
import { networkOf } from './ipv4-range.js';

export interface NatRule {
  readonly table: string;
  /** As iptables-save prints it. */
  readonly line: string;
}

interface Jump {
  readonly table: string;
  readonly parent: string;
  readonly chain: string;
}

export interface MissingJump extends Jump {
  readonly chainMissing: boolean;
  readonly jumpMissing: boolean;
}

/** libvirt's chains with the jump that leads to each; where one parent has several, in their order. */
const JUMPS: readonly Jump[] = [
  { table: 'filter', parent: 'INPUT', chain: 'LIBVIRT_INP' },
  { table: 'filter', parent: 'OUTPUT', chain: 'LIBVIRT_OUT' },
  { table: 'filter', parent: 'FORWARD', chain: 'LIBVIRT_FWX' },
  { table: 'filter', parent: 'FORWARD', chain: 'LIBVIRT_FWI' },
  { table: 'filter', parent: 'FORWARD', chain: 'LIBVIRT_FWO' },
  { table: 'nat', parent: 'POSTROUTING', chain: 'LIBVIRT_PRT' },
];

/** The tables of those chains, and that of our own rule. */
export const OWN_TABLES: ReadonlySet<string> = new Set([...JUMPS.map(({ table }) => table), ROUTED_TABLE]);

/** The one that libvirt knows nothing of. */
export const ownRuleOf = ({ bridge }: Pick<NetworkSpec, 'bridge'>): NatRule => ({
  table: ROUTED_TABLE,
  line: routedPacketsRule(bridge),
});

/** What libvirt 9 writes for a NAT network, chain by chain in the order of evaluation, and our own rule. */
const expectedRules = (spec: NetworkSpec): NatRule[] => {
  const cidr = networkOf(spec.gateway, spec.prefixLength);
  const { bridge } = spec;
  const service = (chain: string, way: '-i' | '-o', port: number): string[] =>
    ['udp', 'tcp'].map(
      (protocol) => `-A ${chain} ${way} ${bridge} -p ${protocol} -m ${protocol} --dport ${port} -j ACCEPT`,
    );
  const filter = [
    `-A LIBVIRT_FWI -d ${cidr} -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    `-A LIBVIRT_FWI -o ${bridge} -j REJECT --reject-with icmp-port-unreachable`,
    `-A LIBVIRT_FWO -s ${cidr} -i ${bridge} -j ACCEPT`,
    `-A LIBVIRT_FWO -i ${bridge} -j REJECT --reject-with icmp-port-unreachable`,
    `-A LIBVIRT_FWX -i ${bridge} -o ${bridge} -j ACCEPT`,
    ...service('LIBVIRT_INP', '-i', 53),
    ...service('LIBVIRT_INP', '-i', 67),
    ...service('LIBVIRT_OUT', '-o', 53),
    ...service('LIBVIRT_OUT', '-o', 68),
  ];
  const outward = `-A LIBVIRT_PRT -s ${cidr} ! -d ${cidr}`;
  const nat = [
    `-A LIBVIRT_PRT -s ${cidr} -d 224.0.0.0/24 -j RETURN`,
    `-A LIBVIRT_PRT -s ${cidr} -d 255.255.255.255/32 -j RETURN`,
    `${outward} -p tcp -j MASQUERADE --to-ports 1024-65535`,
    `${outward} -p udp -j MASQUERADE --to-ports 1024-65535`,
    `${outward} -j MASQUERADE`,
  ];
  return [
    ...filter.map((line) => ({ table: 'filter', line })),
    ...nat.map((line) => ({ table: 'nat', line })),
    ownRuleOf(spec),
  ];
};

/** The rules in libvirt's chains that name the network's bridge or range, in their order, and our own. */
export const rulesOfNetwork = (spec: NetworkSpec, facts: HostNetworkFacts): NatRule[] => {
  const words = new Set([spec.bridge, networkOf(spec.gateway, spec.prefixLength)]);
  const own = ownRuleOf(spec);
  return [
    ...['filter', 'nat'].flatMap((table) =>
      (facts.rules.get(table) ?? [])
        .filter((line) => line.startsWith('-A LIBVIRT_') && line.split(' ').some((word) => words.has(word)))
        .map((line) => ({ table, line })),
    ),
    ...(facts.rules.get(own.table) ?? [])
      .filter((line) => line === own.line)
      .map((line) => ({ table: own.table, line })),
  ];
};

/** Chains of libvirt that are missing, and jumps to them. */
export const missingJumps = (facts: HostNetworkFacts): MissingJump[] =>
  JUMPS.flatMap((jump) => {
    const lines = facts.rules.get(jump.table) ?? [];
    const jumpMissing = !lines.includes(`-A ${jump.parent} -j ${jump.chain}`);
    const chainMissing = !lines.includes(`-N ${jump.chain}`);
    return jumpMissing || chainMissing ? [{ ...jump, chainMissing, jumpMissing }] : [];
  });

/** What differs from libvirt's rules for the network, each chain compared with its order; empty: nothing. */
export const natRuleDifferences = (spec: NetworkSpec, facts: HostNetworkFacts): string[] => {
  if (facts.usesNftables) return [];
  const dormant = facts.dormantTables
    .filter((table) => OWN_TABLES.has(table))
    .map((table) => `table ${table} is dormant`);
  const jumps = missingJumps(facts).map(({ table, parent, chain }) => `no jump from ${table} ${parent} to ${chain}`);
  const expected = expectedRules(spec);
  const found = rulesOfNetwork(spec, facts);
  return [
    ...dormant,
    ...jumps,
    ...chainsOf([...expected, ...found]).flatMap((chain) => differenceOfChain(chain, expected, found)),
  ];
};

const chainOf = ({ table, line }: NatRule): string => `${table} ${line.split(' ')[1] ?? ''}`;
const chainsOf = (rules: readonly NatRule[]): string[] => [...new Set(rules.map(chainOf))];

const differenceOfChain = (chain: string, expected: readonly NatRule[], found: readonly NatRule[]): string[] => {
  const linesIn = (rules: readonly NatRule[]): string[] =>
    rules.filter((rule) => chainOf(rule) === chain).map(({ line }) => line);
  const [want, have] = [linesIn(expected), linesIn(found)];
  if (want.join('\n') === have.join('\n')) return [];
  const missing = want.filter((line) => !have.includes(line)).map((line) => `missing: ${line}`);
  const foreign = have.filter((line) => !want.includes(line)).map((line) => `too much: ${line}`);
  const all = [...missing, ...foreign];
  return all.length > 0 ? all : [`${chain}: another order, or a rule twice`];
};
