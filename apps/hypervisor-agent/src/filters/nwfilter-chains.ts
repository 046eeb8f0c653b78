import { targetOfRule, wordsOfRule, type FilteredInterface } from '@infinibay/libvirt-xml';
import { routedPacketsRule } from '../kernel/routed-packets.js';

/** libvirt's chains that all taps share, and the line that each tap has there. */
export interface SharedChain {
  readonly family: 'iptables' | 'ebtables';
  readonly table: 'filter' | 'nat';
  readonly chain: string;
  readonly lineOf: (device: string) => string;
  /** Whether the line belongs to the tap that it names; libvirt's lines of a filter that it is just replacing included. */
  readonly isLineOfATap: (line: string) => boolean;
}

/** A built-in chain that has to send its packets to libvirt's chains before anything lets them pass. */
export interface Hook {
  readonly chain: 'INPUT' | 'FORWARD';
  readonly jumps: readonly string[];
}

export const HOOKS: readonly Hook[] = [
  { chain: 'INPUT', jumps: ['-A INPUT -j libvirt-host-in'] },
  {
    chain: 'FORWARD',
    jumps: ['-A FORWARD -j libvirt-in', '-A FORWARD -j libvirt-out', '-A FORWARD -j libvirt-in-post'],
  },
];

/** Not `+`, which stands for any name that begins so. */
const DEVICE = '([A-Za-z0-9_.-]+)';

const shared = (
  at: Pick<SharedChain, 'family' | 'table' | 'chain'>,
  pattern: string,
  lineOf: (device: string) => string,
): SharedChain => {
  const expression = new RegExp(`^${pattern.replace('DEVICE', DEVICE)}$`);
  return { ...at, lineOf, isLineOfATap: (line) => expression.test(wordsOfRule(line).join(' ')) };
};

const ip = (chain: string, pattern: string, lineOf: (device: string) => string): SharedChain =>
  shared({ family: 'iptables', table: 'filter', chain }, pattern, lineOf);
const ethernet = (chain: string, pattern: string, lineOf: (device: string) => string): SharedChain =>
  shared({ family: 'ebtables', table: 'nat', chain }, pattern, lineOf);

/** Chains of iptables that are libvirt's own: nobody else has a line there. */
export const LIBVIRT_CHAINS: readonly SharedChain[] = [
  ip(
    'libvirt-host-in',
    String.raw`-A libvirt-host-in -m physdev --physdev-in DEVICE -g H[IJ]-\1`,
    (device) => `-A libvirt-host-in -m physdev --physdev-in ${device} -g HI-${device}`,
  ),
  ip(
    'libvirt-in',
    String.raw`-A libvirt-in -m physdev --physdev-in DEVICE -g F[IJ]-\1`,
    (device) => `-A libvirt-in -m physdev --physdev-in ${device} -g FI-${device}`,
  ),
  ip(
    'libvirt-out',
    String.raw`-A libvirt-out -m physdev --physdev-out DEVICE --physdev-is-bridged -g F[OP]-\1`,
    (device) => `-A libvirt-out -m physdev --physdev-out ${device} --physdev-is-bridged -g FO-${device}`,
  ),
  ip(
    'libvirt-in-post',
    '-A libvirt-in-post -m physdev --physdev-in DEVICE -j ACCEPT',
    (device) => `-A libvirt-in-post -m physdev --physdev-in ${device} -j ACCEPT`,
  ),
];

/** Built-in chains of ebtables, where libvirt has one line for each tap among those of others. */
export const ETHERNET_HOOKS: readonly SharedChain[] = [
  ethernet(
    'PREROUTING',
    String.raw`-A PREROUTING -i DEVICE -j libvirt-[IJ]-\1`,
    (device) => `-A PREROUTING -i ${device} -j libvirt-I-${device}`,
  ),
  ethernet(
    'POSTROUTING',
    String.raw`-A POSTROUTING -o DEVICE -j libvirt-[OP]-\1`,
    (device) => `-A POSTROUTING -o ${device} -j libvirt-O-${device}`,
  ),
];

/** Targets after which a packet is refused, or goes on to the next rule. */
const NEVER_LETS_PASS: ReadonlySet<string | undefined> = new Set([
  undefined,
  'DROP',
  'REJECT',
  'LOG',
  'NFLOG',
  'CONTINUE',
]);

/** Whether a packet may pass by this rule without those behind it being asked. */
export const mayLetPass = (line: string): boolean => !NEVER_LETS_PASS.has(targetOfRule(line));

/** Our own line for the bridge that libvirt put a card in, wherever somebody has moved its tap since: nobody else's is touched. */
export const routedRuleOf = ({ bridge }: FilteredInterface): string | undefined =>
  bridge === undefined ? undefined : routedPacketsRule(bridge);
