import { tableOf, type RuleTable } from '@infinibay/libvirt-xml';
import type { KernelRules } from '../kernel/kernel-rules.reader.js';

/** What nwfilter uses of the kernel's packet filter. */
export type KernelTables = Pick<KernelRules, 'iptables' | 'ebtables'>;

/** libvirt's chains of a tap: from the guest, to the guest, from the guest to the host. */
const IP_CHAINS = [
  { chain: 'FI', jump: '-A libvirt-in', hook: '-A FORWARD -j libvirt-in' },
  { chain: 'FO', jump: '-A libvirt-out', hook: '-A FORWARD -j libvirt-out' },
  { chain: 'HI', jump: '-A libvirt-host-in', hook: '-A INPUT -j libvirt-host-in' },
] as const;

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

/**
 * Whether the kernel enforces the filter's definition with this marker on a tap. The marker is on the last rule of each
 * chain, so a chain that has it was written to its end.
 */
export const isEnforced = (device: string, marker: string, tables: KernelTables): boolean => {
  const ip = ipLines(tables);
  const ethernet = ethernetLines(tables);
  const hasIp = IP_CHAINS.every(
    ({ chain, jump, hook }) =>
      ip.includes(hook) &&
      ip.some((line) => line.startsWith(`${jump} `) && wordsOf(line).includes(`${chain}-${device}`)) &&
      ip.some(
        (line) =>
          line.startsWith(`-A ${chain}-${device} `) && wordsOf(line).includes(marker) && line.includes('-j DROP'),
      ),
  );
  return (
    hasIp &&
    ['I', 'O'].every((way) =>
      ethernet.some((line) => !line.startsWith('-A libvirt-') && wordsOf(line).includes(`libvirt-${way}-${device}`)),
    )
  );
};
