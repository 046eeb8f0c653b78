import type {
  EventEnvelope,
  firewallRuleCreated,
  firewallRuleDeleted,
  firewallRuleUpdated,
} from '@infinibay/contracts';
import { newEvent } from '@infinibay/platform-persistence';
import type { Rule } from '../generated/prisma/client.js';

type RuleEvent = typeof firewallRuleCreated | typeof firewallRuleUpdated | typeof firewallRuleDeleted;

export const ruleEvent = (contract: RuleEvent, rule: Rule): EventEnvelope =>
  newEvent(contract, {
    departmentId: rule.departmentId,
    resource: { kind: 'firewall-rule', id: rule.id },
    data: { ruleId: rule.id, vmId: rule.vmId },
  });
