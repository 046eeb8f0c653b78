import type { RuleDefinition } from '@infinibay/firewall-domain';
import type { Rule } from '../generated/prisma/client.js';
import type { UpdateFirewallRule } from './rule.inputs.js';
import type { FirewallRule } from './rule.model.js';

export const toFirewallRule = ({ departmentId, vmId, ...rule }: Rule): FirewallRule => ({
  ...rule,
  department: { id: departmentId },
  vm: vmId === null ? null : { id: vmId },
});

/** A rule as plain JSON: what a repeated call is answered from when the rule is gone. */
export type StoredRule = Omit<Rule, 'createdAt' | 'updatedAt'> & {
  readonly createdAt: string;
  readonly updatedAt: string;
};

export const toStored = (rule: Rule): StoredRule => ({
  ...rule,
  createdAt: rule.createdAt.toISOString(),
  updatedAt: rule.updatedAt.toISOString(),
});

export const ofStored = (stored: StoredRule | null): Rule | null =>
  stored === null ? null : { ...stored, createdAt: new Date(stored.createdAt), updatedAt: new Date(stored.updatedAt) };

/** The rule as it would be after the change; what is undefined stays. A new portFrom alone means a single port. */
export const changedDefinition = (rule: Rule, change: Omit<UpdateFirewallRule, 'idempotencyKey'>): RuleDefinition => ({
  direction: change.direction ?? rule.direction,
  action: change.action ?? rule.action,
  protocol: change.protocol ?? rule.protocol,
  ...changedPorts(rule, change),
  remoteCidr: change.remoteCidr === undefined ? rule.remoteCidr : change.remoteCidr,
  priority: change.priority ?? rule.priority,
});

const changedPorts = (
  rule: Rule,
  { portFrom, portTo }: Pick<UpdateFirewallRule, 'portFrom' | 'portTo'>,
): Pick<RuleDefinition, 'portFrom' | 'portTo'> =>
  portFrom === undefined
    ? { portFrom: rule.portFrom, portTo: portTo === undefined ? rule.portTo : portTo }
    : { portFrom, portTo: portTo ?? null };
