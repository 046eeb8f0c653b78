import type { FilterDifference } from '@infinibay/contracts';
import {
  expectedChains,
  meaningOfRule,
  tableOf,
  type FilterRule,
  type FilteredInterface,
  type RuleTable,
} from '@infinibay/libvirt-xml';
import { BRIDGE_SWITCHES, type KernelRules } from '../kernel/kernel-rules.reader.js';
import { ROUTED_TABLE } from '../kernel/routed-packets.js';
import { differencesOfDetours, differencesOfTables } from './filter-bypass.js';
import { difference } from './filter-difference.js';
import { ETHERNET_HOOKS, HOOKS, LIBVIRT_CHAINS, mayLetPass, routedRuleOf } from './nwfilter-chains.js';

/** The running cards of a VM and the rules that its filter has in libvirt. */
export interface FilterClaim {
  readonly cards: readonly FilteredInterface[];
  readonly rules: readonly FilterRule[];
}

/**
 * What of a VM's filter the kernel does not do; empty only when it has every rule in its place and asks them all before
 * anything lets a packet pass. Policies of built-in chains are of no matter: each chain of ours ends by dropping what is
 * left, so no packet of a card reaches them undecided.
 */
export const differencesOf = (claim: FilterClaim, kernel: KernelRules): FilterDifference[] => [
  ...(claim.cards.length === 0 ? [] : differencesOfHost(kernel)),
  ...claim.cards.flatMap((card) => differencesOfCard(card, claim.rules, kernel)),
];

/** What keeps the kernel from asking nwfilter's rules at all, whatever VM they are for. */
export const differencesOfHost = (kernel: KernelRules): FilterDifference[] => {
  const filter = tableOf(kernel.iptables, 'filter');
  return [
    ...differencesOfSwitches(kernel),
    ...differencesOfTables(kernel),
    ...HOOKS.flatMap(({ chain, jumps }) =>
      differencesOfHook(`iptables/filter/${chain}`, filter.chains.get(chain) ?? [], jumps),
    ),
    ...LIBVIRT_CHAINS.flatMap(({ chain, isLineOfATap }) =>
      (filter.chains.get(chain) ?? [])
        .filter((line) => !isLineOfATap(line))
        .map((line) => difference(`iptables/filter/${chain}`, null, line)),
    ),
  ];
};

const differencesOfSwitches = ({ bridgeSwitches }: KernelRules): FilterDifference[] =>
  BRIDGE_SWITCHES.filter((name) => bridgeSwitches[name] !== '1').map((name) =>
    difference(`sysctl/net.bridge.${name}`, '1', bridgeSwitches[name] ?? null),
  );

/** Each jump once, in their order, and before the last of them nothing that lets a packet pass. */
const differencesOfHook = (path: string, lines: readonly string[], jumps: readonly string[]): FilterDifference[] => {
  const desired = jumps.map(meaningOfRule);
  const meanings = lines.map(meaningOfRule);
  const missing = jumps.filter((_, index) => !meanings.includes(desired[index] ?? ''));
  const last = Math.max(...desired.map((jump) => meanings.indexOf(jump)));
  const seen = lines.flatMap((line, index) => (desired.includes(meanings[index] ?? '') ? [line] : []));
  const before = lines.slice(0, Math.max(last, 0)).filter((line, index) => {
    return !desired.includes(meanings[index] ?? '') && mayLetPass(line);
  });
  return [
    ...missing.map((line) => difference(path, line, null)),
    ...before.map((line) => difference(path, null, line)),
    ...(missing.length === 0 ? differencesOfLists(path, jumps, seen) : []),
  ];
};

const differencesOfCard = (
  card: FilteredInterface,
  rules: readonly FilterRule[],
  kernel: KernelRules,
): FilterDifference[] => {
  const { device } = card;
  const filter = tableOf(kernel.iptables, 'filter');
  const nat = tableOf(kernel.ebtables, 'nat');
  const expected = expectedChains(card, rules);
  return [
    ...differencesOfDetours(card, kernel),
    ...differencesOfRoute(card, kernel),
    ...[...expected.iptables].flatMap(([name, lines]) =>
      differencesOfLists(`iptables/filter/${name}`, lines, filter.chains.get(name) ?? []),
    ),
    ...LIBVIRT_CHAINS.flatMap(({ chain, lineOf }) =>
      differencesOfLine(`iptables/filter/${chain}`, lineOf(device), filter.chains.get(chain) ?? []),
    ),
    ...ETHERNET_HOOKS.flatMap(({ chain, lineOf, isLineOfATap }) =>
      differencesOfEthernetHook(`ebtables/nat/${chain}`, lineOf(device), nat.chains.get(chain) ?? [], isLineOfATap),
    ),
    ...[...expected.ebtables].flatMap(([name, lines]) => [
      ...differencesOfLists(`ebtables/nat/${name}`, lines, nat.chains.get(name) ?? []),
      ...differencesOfPolicy(`ebtables/nat/${name}`, name, nat),
    ]),
  ];
};

/** That nobody gets at the card by way of the host, where its rules are not asked. */
const differencesOfRoute = (card: FilteredInterface, kernel: KernelRules): FilterDifference[] => {
  const rule = routedRuleOf(card);
  const lines = tableOf(kernel.iptables, ROUTED_TABLE).chains.get('FORWARD') ?? [];
  return rule === undefined ? [] : differencesOfHook(`iptables/${ROUTED_TABLE}/FORWARD`, lines, [rule]);
};

/** libvirt's own chains of ebtables have a policy too, and somebody may change it. */
const differencesOfPolicy = (path: string, chain: string, { policies }: RuleTable): FilterDifference[] => {
  const policy = policies.get(chain);
  return policy === undefined || policy === 'ACCEPT'
    ? []
    : [difference(path, `:${chain} ACCEPT`, `:${chain} ${policy}`)];
};

/** The line once. */
const differencesOfLine = (path: string, line: string, lines: readonly string[]): FilterDifference[] => {
  const desired = meaningOfRule(line);
  return differencesOfLists(
    path,
    [line],
    lines.filter((other) => meaningOfRule(other) === desired),
  );
};

const differencesOfEthernetHook = (
  path: string,
  line: string,
  lines: readonly string[],
  isLineOfATap: (line: string) => boolean,
): FilterDifference[] => {
  const desired = meaningOfRule(line);
  const at = lines.findIndex((other) => meaningOfRule(other) === desired);
  const before = lines.slice(0, Math.max(at, 0)).filter((other) => mayLetPass(other) && !isLineOfATap(other));
  return [...before.map((other) => difference(path, null, other)), ...differencesOfLine(path, line, lines)];
};

/** Every line once and in its place. */
const differencesOfLists = (
  path: string,
  expected: readonly string[],
  actual: readonly string[],
): FilterDifference[] => {
  const desired = expected.map(meaningOfRule);
  const found = actual.map(meaningOfRule);
  const missing = without(expected, desired, found);
  const extra = without(actual, found, desired);
  if (missing.length + extra.length > 0)
    return [
      ...missing.map((line) => difference(path, line, null)),
      ...extra.map((line) => difference(path, null, line)),
    ];
  const misplaced = desired.findIndex((meaning, index) => meaning !== found[index]);
  return misplaced === -1 ? [] : [difference(path, expected[misplaced] ?? null, actual[misplaced] ?? null)];
};

/** The lines that have no partner among the others, each partner being one line's only. */
const without = (
  lines: readonly string[],
  meanings: readonly string[],
  others: readonly string[],
): readonly string[] => {
  const left = new Map<string, number>();
  for (const other of others) left.set(other, (left.get(other) ?? 0) + 1);
  return lines.filter((_, index) => {
    const meaning = meanings[index] ?? '';
    const count = left.get(meaning) ?? 0;
    left.set(meaning, count - 1);
    return count <= 0;
  });
};
