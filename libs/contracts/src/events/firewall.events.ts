import { z } from 'zod';
import { defineEvent } from '../messages/define.js';
import { FilterDifference, FilterStatus, MAX_FILTER_DIFFERENCES } from '../model/firewall.js';
import { Uuid } from '../model/scalars.js';

const ruleData = z.object({ ruleId: Uuid, vmId: Uuid.nullable().describe('null: every VM of the department') });
const ruleExample = { ruleId: '0196f5a0-0000-7000-8000-0000000000f2', vmId: null };

export const firewallRuleCreated = defineEvent({
  name: 'firewall-rule.created',
  version: 1,
  description: 'A firewall rule exists from now on.',
  producer: 'firewall',
  data: ruleData,
  example: ruleExample,
});

export const firewallRuleUpdated = defineEvent({
  name: 'firewall-rule.updated',
  version: 1,
  description: 'A firewall rule changed.',
  producer: 'firewall',
  data: ruleData,
  example: ruleExample,
});

export const firewallRuleDeleted = defineEvent({
  name: 'firewall-rule.deleted',
  version: 1,
  description: 'A firewall rule is gone.',
  producer: 'firewall',
  data: ruleData,
  example: ruleExample,
});

export const vmFilterApplied = defineEvent({
  name: 'vm.filter-applied',
  version: 1,
  description: 'The packet filter of a VM was applied on its host, or could not be.',
  producer: 'firewall',
  data: z.object({ vmId: Uuid, revision: z.int(), status: FilterStatus, errorCode: z.string().nullable() }),
  example: { vmId: '0196f5a0-0000-7000-8000-000000000001', revision: 3, status: 'APPLIED', errorCode: null },
});

export const vmFilterDrifted = defineEvent({
  name: 'vm.filter-drifted',
  version: 1,
  description:
    'The host of a VM does not enforce its packet filter as it was applied: somebody changed it. It is repaired; vm.filter-applied tells when.',
  producer: 'firewall',
  data: z.object({
    vmId: Uuid,
    revision: z.int(),
    differences: z.array(FilterDifference).max(MAX_FILTER_DIFFERENCES),
    differenceCount: z.int().nonnegative(),
  }),
  example: {
    vmId: '0196f5a0-0000-7000-8000-000000000001',
    revision: 3,
    differences: [{ path: 'sysctl/net.bridge.bridge-nf-call-iptables', expected: '1', actual: '0' }],
    differenceCount: 1,
  },
});
