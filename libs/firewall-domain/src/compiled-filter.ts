import type { CompiledRule } from '@infinibay/contracts';
import type { FirewallRule } from './firewall-rule.js';

/** What holds when no rule matches: a VM reaches everything, nothing reaches it. Answers to what was allowed always pass. */
export const DEFAULT_RULES: readonly CompiledRule[] = [
  {
    direction: 'OUT',
    action: 'ACCEPT',
    protocol: 'ANY',
    portFrom: null,
    portTo: null,
    remoteCidr: null,
    priority: 999,
  },
  { direction: 'IN', action: 'DROP', protocol: 'ANY', portFrom: null, portTo: null, remoteCidr: null, priority: 1_000 },
];

const byPriorityThenId = (a: FirewallRule, b: FirewallRule): number =>
  a.priority - b.priority || (a.id < b.id ? -1 : Number(a.id > b.id));

/** The rules that hold for a VM, in the order in which they are matched: its department's and its own, without disabled ones. */
export const effectiveRules = <R extends FirewallRule>(rules: readonly R[], vmId: string): R[] =>
  rules.filter((rule) => rule.enabled && (rule.vmId === null || rule.vmId === vmId)).sort(byPriorityThenId);

/** The whole filter of a VM as its host applies it; the first rule that matches decides, and the last two always match. */
export const compileFilter = (rules: readonly FirewallRule[], vmId: string): CompiledRule[] => [
  ...effectiveRules(rules, vmId).map(
    ({ direction, action, protocol, portFrom, portTo, remoteCidr, priority }): CompiledRule => ({
      direction,
      action,
      protocol,
      portFrom,
      portTo,
      remoteCidr,
      priority,
    }),
  ),
  ...DEFAULT_RULES,
];
