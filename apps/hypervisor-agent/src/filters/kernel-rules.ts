import { tableOf, type RuleTable } from '@infinibay/libvirt-xml';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';

/** What nwfilter uses of the kernel's packet filter. */
export type KernelTables = Pick<KernelRules, 'iptables' | 'ebtables'>;

const linesOf = ({ chains }: RuleTable): string[] => [...chains.values()].flat();
const ipLines = ({ iptables }: KernelTables): string[] => linesOf(tableOf(iptables, 'filter'));
const ethernetLines = ({ ebtables }: KernelTables): string[] => linesOf(tableOf(ebtables, 'nat'));

/** Splits at blanks and quotes, so that `vnet1` is never found in `vnet10`. */
const wordsOf = (line: string): string[] => line.split(/[\s"]+/);

const concerns = (line: string, device: string): boolean =>
  wordsOf(line).some(
    (word) =>
      word === device || new RegExp(`^(?:FI|FO|HI|libvirt-[IO]|[IO])-${escapeRegExp(device)}(?:-.*)?$`).test(word),
  );

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The kernel's rules for one tap, those that lead to its chains included. */
export const kernelRulesOf = (device: string, tables: KernelTables): string[] =>
  [...ipLines(tables), ...ethernetLines(tables)].filter((line) => concerns(line, device));
