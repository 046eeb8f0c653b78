import type { CompiledRule } from '@infinibay/contracts';
import { addressNumber, rangeOf } from './ipv4-range.js';

/** The first packet of a connection; those that follow, both ways, share its fate. */
export interface Packet {
  readonly direction: CompiledRule['direction'];
  readonly protocol: 'TCP' | 'UDP' | 'ICMP' | 'OTHER';
  /** The port that is asked for; null where the protocol has none. */
  readonly port: number | null;
  /** IPv4 address of the other end. */
  readonly remoteAddress: string;
}

export interface Decision {
  readonly action: CompiledRule['action'];
  /** Which rule of the list decided; null: none did, and the packet is dropped. */
  readonly ruleIndex: number | null;
}

/** What a filter does with a packet: the first rule that matches decides. */
export const decide = (rules: readonly CompiledRule[], packet: Packet): Decision => {
  const ruleIndex = rules.findIndex((rule) => matches(rule, packet));
  const rule = rules[ruleIndex];
  return rule === undefined ? { action: 'DROP', ruleIndex: null } : { action: rule.action, ruleIndex };
};

const matches = (rule: CompiledRule, packet: Packet): boolean =>
  rule.direction === packet.direction &&
  (rule.protocol === 'ANY' || rule.protocol === packet.protocol) &&
  matchesPort(rule, packet.port) &&
  matchesRemote(rule, packet.remoteAddress);

const matchesPort = ({ portFrom, portTo }: CompiledRule, port: number | null): boolean =>
  portFrom === null || (port !== null && port >= portFrom && port <= (portTo ?? portFrom));

const matchesRemote = ({ remoteCidr }: CompiledRule, remoteAddress: string): boolean => {
  if (remoteCidr === null) return true;
  const address = addressNumber(remoteAddress);
  const { first, last } = rangeOf(remoteCidr);
  return address !== null && address >= first && address <= last;
};
