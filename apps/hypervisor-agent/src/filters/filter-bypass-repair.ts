import { tableOf, type FilteredInterface } from '@infinibay/libvirt-xml';
import type { HostCommandLine } from '../kernel/host-command.js';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';
import { ROUTED_TABLE } from '../kernel/routed-packets.js';
import { OWN_TABLES, ownDevices, tapMacOf, unhooked } from './filter-bypass.js';

export interface RepairCommand {
  readonly command: HostCommandLine;
  readonly input?: string;
}

/** Where iptables-nft and ebtables-nft hang their built-in chains. */
const PRIORITIES: Readonly<Record<string, number>> = {
  [`${ROUTED_TABLE} FORWARD`]: -150,
  'nat PREROUTING': -300,
  'nat POSTROUTING': 300,
};

/**
 * What takes away that the kernel does not ask the rules, or is led round them: as far as it hangs on what is ours, which
 * are the tables of iptables and ebtables, taps and their bridges. What is somebody else's is told only.
 */
export const bypassRepairs = (cards: readonly FilteredInterface[], kernel: KernelRules): RepairCommand[] => [
  ...OWN_TABLES.flatMap((own) => tableRepairs(own, kernel)),
  ...cards.flatMap((card) => tapRepairs(card, kernel)),
  ...[...new Set(cards.flatMap((card) => ownDevices(card, kernel)))].flatMap((device) => deviceRepairs(device, kernel)),
];

const tableRepairs = (own: (typeof OWN_TABLES)[number], kernel: KernelRules): RepairCommand[] => {
  const { family, name } = own;
  const table = kernel.nft.find((each) => each.family === family && each.name === name);
  if (table === undefined) return [];
  const wake: RepairCommand[] = table.isDormant ? [{ command: ['nft', 'add', 'table', family, name] }] : [];
  return [...wake, ...unhooked(own, table).flatMap((chain) => rehook(own, chain.name, kernel))];
};

/** A chain can't be hung up later: it is made anew, with all that was in it. */
const rehook = ({ family, name, hooks }: (typeof OWN_TABLES)[number], chain: string, kernel: KernelRules) => {
  const at = `${family} ${name} ${chain}`;
  const hook = `type filter hook ${hooks[chain] ?? ''} priority ${PRIORITIES[`${name} ${chain}`] ?? 0}; policy accept;`;
  const lines = tableOf(family === 'ip' ? kernel.iptables : kernel.ebtables, name).chains.get(chain) ?? [];
  const restore = family === 'ip' ? 'iptables-restore' : 'ebtables-restore';
  const make = `flush chain ${at}\ndelete chain ${at}\nadd chain ${at} { ${hook} }\n`;
  return [
    { command: ['nft', '-f', '-'], input: make },
    { command: [restore, '--noflush'], input: `*${name}\n${lines.join('\n')}\nCOMMIT\n` },
  ] satisfies RepairCommand[];
};

/** Gives the tap its name back. */
const tapRepairs = ({ device, mac }: FilteredInterface, { links }: KernelRules): RepairCommand[] => {
  if (links.has(device)) return [];
  const other = [...links.values()].find((link) => link.mac === tapMacOf(mac));
  if (other === undefined) return [];
  return [
    { command: ['ip', 'link', 'set', 'dev', other.name, 'down'] },
    { command: ['ip', 'link', 'set', 'dev', other.name, 'name', device] },
    { command: ['ip', 'link', 'set', 'dev', device, 'up'] },
  ];
};

const deviceRepairs = (device: string, { links, trafficFilters }: KernelRules): RepairCommand[] => {
  const link = links.get(device);
  const places = new Set(trafficFilters.filter((filters) => filters.device === device).map(({ place }) => place));
  const vlans: RepairCommand[] =
    link?.hasVlanFiltering === true
      ? [{ command: ['ip', 'link', 'set', 'dev', device, 'type', 'bridge', 'vlan_filtering', '0'] }]
      : [];
  const programs: RepairCommand[] =
    link?.xdpProgram === undefined ? [] : [{ command: ['ip', 'link', 'set', 'dev', device, link.xdpMode, 'off'] }];
  return [
    ...vlans,
    ...programs,
    // One queue of the two kinds holds the filters of both ways; its root's goes on its own.
    ...(places.has('ingress') || places.has('egress') ? [deletedQueue(device)] : []),
    ...(places.has('root') ? [{ command: ['tc', 'qdisc', 'del', 'dev', device, 'root'] } satisfies RepairCommand] : []),
  ];
};

const deletedQueue = (device: string): RepairCommand => ({
  command: ['sh', '-c', 'tc qdisc del dev "$1" clsact 2>/dev/null || tc qdisc del dev "$1" ingress', 'sh', device],
});
