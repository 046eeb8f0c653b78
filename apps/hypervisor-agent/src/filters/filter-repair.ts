import {
  expectedChains,
  meaningOfRule,
  tableOf,
  type ChainRules,
  type FilteredInterface,
  type RuleTable,
} from '@infinibay/libvirt-xml';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';
import { ROUTED_TABLE } from '../kernel/routed-packets.js';
import type { FilterClaim } from './filter-proof.js';
import {
  ETHERNET_HOOKS,
  HOOKS,
  LIBVIRT_CHAINS,
  mayLetPass,
  routedRuleOf,
  type SharedChain,
} from './nwfilter-chains.js';

/** Input of iptables-restore and ebtables-restore with `--noflush`, each one transaction; undefined: nothing to do. */
export interface RepairScripts {
  readonly iptables: string | undefined;
  readonly ebtables: string | undefined;
}

/**
 * What makes the kernel have a VM's rules again. Chains that are libvirt's are made what they should be, and foreign
 * lines in them go. In built-in chains only our own lines move: before the first foreign one that may let a packet pass.
 */
export const repairScripts = ({ cards, rules }: FilterClaim, kernel: KernelRules): RepairScripts => {
  const filter = tableOf(kernel.iptables, 'filter');
  const nat = tableOf(kernel.ebtables, 'nat');
  const chains = cards.map((card) => expectedChains(card, rules));
  const ip = cards.length === 0 ? [] : hostLines(filter, cards);
  return {
    iptables: scripts(
      script('filter', [...chains.flatMap(({ iptables }) => chainLines(iptables, filter, '- [0:0]')), ...ip]),
      script(ROUTED_TABLE, routedLines(cards, kernel)),
    ),
    ebtables: script('nat', [
      ...chains.flatMap(({ ebtables }) => chainLines(ebtables, nat, 'ACCEPT')),
      ...cards.flatMap(({ device }) => ETHERNET_HOOKS.flatMap((hook) => ethernetHookLines(hook, device, nat))),
    ]),
  };
};

/** What makes the kernel ask nwfilter's rules at all; nothing on a host that has no chains of libvirt yet. */
export const hostRepairScript = (kernel: KernelRules): string | undefined => {
  const filter = tableOf(kernel.iptables, 'filter');
  return LIBVIRT_CHAINS.some(({ chain }) => filter.chains.has(chain))
    ? script('filter', hostLines(filter, []))
    : undefined;
};

/** Chains are declared before any line names them. */
const script = (table: string, lines: readonly string[]): string | undefined => {
  if (lines.length === 0) return undefined;
  const isDeclaration = (line: string): boolean => line.startsWith(':');
  const ordered = [...lines.filter(isDeclaration), ...lines.filter((line) => !isDeclaration(line))];
  return `*${table}\n${ordered.join('\n')}\nCOMMIT\n`;
};

const scripts = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.every((part) => part === undefined) ? undefined : parts.join('');

/** Our own line of each bridge, before what may let a packet pass. */
const routedLines = (cards: readonly FilteredInterface[], kernel: KernelRules): string[] => {
  const lines = tableOf(kernel.iptables, ROUTED_TABLE).chains.get('FORWARD') ?? [];
  const rules = new Set(cards.flatMap((card) => routedRuleOf(card) ?? []));
  return [...rules].flatMap((rule) => hookLines('FORWARD', lines, [rule]));
};

/** A declared chain is emptied. Those that are as they should be are left alone. */
const chainLines = (expected: ChainRules, table: RuleTable, policy: string): string[] =>
  [...expected].flatMap(([name, lines]) =>
    isSame(lines, table.chains.get(name)) && (table.policies.get(name) ?? '') === policy.split(' ')[0]
      ? []
      : [`:${name} ${policy}`, ...lines],
  );

const isSame = (expected: readonly string[], actual: readonly string[] | undefined): boolean =>
  actual?.length === expected.length &&
  expected.every((line, index) => meaningOfRule(line) === meaningOfRule(actual[index] ?? ''));

const hostLines = (filter: RuleTable, cards: readonly FilteredInterface[]): string[] => [
  ...LIBVIRT_CHAINS.filter(({ chain }) => !filter.chains.has(chain)).map(({ chain }) => `:${chain} - [0:0]`),
  ...LIBVIRT_CHAINS.flatMap((shared) => sharedChainLines(shared, filter, cards)),
  ...HOOKS.flatMap(({ chain, jumps }) => hookLines(chain, filter.chains.get(chain) ?? [], jumps)),
];

const sharedChainLines = (
  { chain, isLineOfATap, lineOf }: SharedChain,
  filter: RuleTable,
  cards: readonly FilteredInterface[],
): string[] => {
  const lines = filter.chains.get(chain) ?? [];
  return [
    ...lines.filter((line) => !isLineOfATap(line)).map(deletion),
    ...cards.flatMap(({ device }) => {
      const desired = meaningOfRule(lineOf(device));
      const found = lines.filter((line) => meaningOfRule(line) === desired);
      return found.length === 0 ? [lineOf(device)] : found.slice(1).map(deletion);
    }),
  ];
};

const hookLines = (chain: string, lines: readonly string[], jumps: readonly string[]): string[] => {
  const desired = jumps.map(meaningOfRule);
  const ours = lines.filter((line) => desired.includes(meaningOfRule(line)));
  const others = lines.filter((line) => !desired.includes(meaningOfRule(line)));
  const position = positionOf(others, () => false);
  const now = lines.slice(position, position + jumps.length).map(meaningOfRule);
  if (ours.length === jumps.length && now.join('\n\n') === desired.join('\n\n')) return [];
  return [...ours.map(deletion), ...jumps.map((jump, index) => insertion(chain, position + index, jump))];
};

const ethernetHookLines = ({ chain, lineOf, isLineOfATap }: SharedChain, device: string, nat: RuleTable): string[] => {
  const line = lineOf(device);
  const desired = meaningOfRule(line);
  const lines = nat.chains.get(chain) ?? [];
  const ours = lines.filter((other) => meaningOfRule(other) === desired);
  const others = lines.filter((other) => meaningOfRule(other) !== desired);
  const position = positionOf(others, isLineOfATap);
  const at = lines.findIndex((other) => meaningOfRule(other) === desired);
  if (ours.length === 1 && at <= position) return [];
  return [...ours.map(deletion), insertion(chain, position, line)];
};

/** Index before the first line of others that may let a packet pass. */
const positionOf = (others: readonly string[], isHarmless: (line: string) => boolean): number => {
  const first = others.findIndex((line) => mayLetPass(line) && !isHarmless(line));
  return first === -1 ? others.length : first;
};

const deletion = (line: string): string => line.replace(/^-A /, '-D ');
const insertion = (chain: string, index: number, line: string): string =>
  line.replace(`-A ${chain} `, `-I ${chain} ${index + 1} `);
