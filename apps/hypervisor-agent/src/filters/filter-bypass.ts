import type { FilterDifference } from '@infinibay/contracts';
import type { FilteredInterface } from '@infinibay/libvirt-xml';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';
import type { NftChain, NftTable } from '../kernel/nft-ruleset.js';
import { ROUTED_TABLE } from '../kernel/routed-packets.js';
import { difference } from './filter-difference.js';

/** A table of nftables in which iptables or ebtables keep rules of ours, and where its built-in chains hang. */
interface OwnTable {
  readonly family: 'ip' | 'bridge';
  readonly name: string;
  readonly hooks: Readonly<Record<string, string>>;
}

export const OWN_TABLES: readonly OwnTable[] = [
  { family: 'ip', name: 'filter', hooks: { INPUT: 'input', FORWARD: 'forward' } },
  { family: 'ip', name: ROUTED_TABLE, hooks: { FORWARD: 'forward' } },
  { family: 'bridge', name: 'nat', hooks: { PREROUTING: 'prerouting', POSTROUTING: 'postrouting' } },
];

/** The rules are in the kernel, and it asks none of them: the table sleeps, or its chain hangs nowhere. */
export const differencesOfTables = ({ nft }: KernelRules): FilterDifference[] =>
  OWN_TABLES.flatMap((own) => {
    const table = nft.find(({ family, name }) => family === own.family && name === own.name);
    if (table === undefined) return [];
    const path = `nft/${own.family}/${own.name}`;
    return [
      ...(table.isDormant ? [difference(path, 'active', 'flags dormant')] : []),
      ...unhooked(own, table).map(({ name, hook }) =>
        difference(`${path}/${name}`, `hook ${own.hooks[name] ?? ''}`, hook === undefined ? null : `hook ${hook}`),
      ),
    ];
  });

export const unhooked = (own: OwnTable, { chains }: NftTable): NftChain[] =>
  chains.filter(({ name, hook }) => own.hooks[name] !== undefined && own.hooks[name] !== hook);

/** What takes packets of a card round the rules that the kernel asks. */
export const differencesOfDetours = (card: FilteredInterface, kernel: KernelRules): FilterDifference[] => [
  ...differencesOfTap(card, kernel),
  ...ownDevices(card, kernel).flatMap((device) => differencesOfDevice(device, kernel)),
  ...differencesOfTrafficControl(card, kernel),
  ...differencesOfNft(card, kernel),
  ...differencesOfCopies(card, kernel),
  ...differencesOfBroute(kernel),
];

/** The tap, and the bridge that libvirt put it in: nobody else's. */
export const ownDevices = ({ device }: FilteredInterface, { links }: KernelRules): string[] => {
  const master = links.get(device)?.master;
  return master === undefined ? [device] : [device, master];
};

/** libvirt gives the tap of a card the card's own MAC with this first octet. */
export const tapMacOf = (mac: string): string => `fe${mac.slice(2).toLowerCase()}`;

/** Rules name the tap: one that was given another name is asked none of them. */
const differencesOfTap = ({ device, mac }: FilteredInterface, { links }: KernelRules): FilterDifference[] => {
  if (links.has(device)) return [];
  const other = [...links.values()].find((link) => link.mac === tapMacOf(mac));
  return [difference(`link/${device}`, `tap of ${mac}`, other === undefined ? null : `called ${other.name}`)];
};

const differencesOfDevice = (device: string, { links, trafficFilters }: KernelRules): FilterDifference[] => {
  const link = links.get(device);
  const upper = [...links.values()].filter(({ lower, kind }) => lower === device && kind !== 'bridge');
  return [
    ...(link?.xdpProgram === undefined ? [] : [difference(`xdp/${device}`, null, link.xdpProgram)]),
    // Frames that the bridge tags itself are not shown to iptables.
    ...(link?.hasVlanFiltering === true ? [difference(`bridge/${device}/vlan_filtering`, '0', '1')] : []),
    ...trafficFilters
      .filter((filters) => filters.device === device)
      .map(({ place, text }) => difference(`tc/${device}/${place}`, null, text)),
    ...upper.map(({ name }) => difference(`link/${name}`, null, `on top of ${device}`)),
  ];
};

/** Filters of other devices that send packets straight to the card. */
const differencesOfTrafficControl = (card: FilteredInterface, kernel: KernelRules): FilterDifference[] => {
  const own = ownDevices(card, kernel);
  return kernel.trafficFilters
    .filter(({ device, text }) => !own.includes(device) && own.some((name) => mentions(text, name)))
    .map(({ device, place, text }) => difference(`tc/${device}/${place}`, null, text));
};

/** Statements after which a packet, or its copy, goes on without bridge and packet filter. */
const DETOUR = /\b(?:fwd|dup) (?:ip6? )?to\b|\bbroute set\b/;

const differencesOfNft = (card: FilteredInterface, kernel: KernelRules): FilterDifference[] => {
  const own = ownDevices(card, kernel);
  return kernel.nft.flatMap((table) => [
    ...table.chains.flatMap((chain) =>
      chain.rules
        .filter((rule) => DETOUR.test(rule) && concerns(card, own, table, chain, rule))
        .map((rule) => difference(`nft/${table.family}/${table.name}/${chain.name}`, null, rule)),
    ),
    ...table.flowDevices
      .filter((device) => own.includes(device))
      .map((device) => difference(`nft/${table.family}/${table.name}/flowtable`, null, `devices = { ${device} }`)),
  ]);
};

/** One that takes from our devices, gives to them, or does not say whom it gives to. */
const concerns = (
  { address }: FilteredInterface,
  own: readonly string[],
  { family }: NftTable,
  { devices, hook }: NftChain,
  rule: string,
): boolean => {
  if (own.some((name) => devices.includes(name) || mentions(rule, name)) || mentions(rule, address)) return true;
  if (family === 'bridge') return true;
  return (
    family === 'netdev' && (hook === undefined || !/\bto "?[A-Za-z0-9_.-]+"?/.test(rule) || rule.includes(' map '))
  );
};

/** Copies that the host sends to the guest as its own packets, which are not asked what bridged ones are. */
const differencesOfCopies = ({ address }: FilteredInterface, { iptables }: KernelRules): FilterDifference[] =>
  [...iptables].flatMap(([table, { chains }]) =>
    [...chains].flatMap(([chain, lines]) =>
      lines
        .filter((line) => / -j TEE\b/.test(line) && mentions(line, address))
        .map((line) => difference(`iptables/${table}/${chain}`, null, line)),
    ),
  );

/** Packets that the bridge gives to the host's routing are not known to come from a tap. */
const differencesOfBroute = ({ ebtables }: KernelRules): FilterDifference[] =>
  [...(ebtables.get('broute')?.chains ?? [])].flatMap(([chain, lines]) =>
    lines
      .filter((line) => !/ -j (?:ACCEPT|CONTINUE)\b/.test(line))
      .map((line) => difference(`ebtables/broute/${chain}`, null, line)),
  );

/** As a word of its own: `vnet1` is not in `vnet10`. */
const mentions = (text: string, name: string): boolean => text.split(/[^A-Za-z0-9_.-]+/).includes(name);
