import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, validateInput } from '@infinibay/platform-graphql';
import { Args, ID, Mutation, Resolver } from '@nestjs/graphql';
import {
  CreateFirewallRuleInput,
  CreateFirewallRuleSchema,
  DeleteFirewallRuleInput,
  DeleteFirewallRuleSchema,
  UpdateFirewallRuleInput,
  UpdateFirewallRuleSchema,
} from '../rules/rule.inputs.js';
import { toFirewallRule } from '../rules/rule.mapper.js';
import { FirewallRule } from '../rules/rule.model.js';
import { RuleChangesService } from './rule-changes.service.js';

@Resolver(() => FirewallRule)
export class RuleMutationResolver {
  constructor(private readonly changes: RuleChangesService) {}

  @Authorize()
  @Mutation(() => FirewallRule, {
    description:
      'Makes a rule; running VMs get it within seconds. Errors: DEPARTMENT_NOT_FOUND, VM_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, RULE_LIMIT_REACHED, INVALID_INPUT',
  })
  async createFirewallRule(
    @CurrentActor() actor: Actor,
    @Args('input') input: CreateFirewallRuleInput,
  ): Promise<FirewallRule> {
    const codes = {
      departmentId: 'DEPARTMENT_NOT_FOUND',
      vmId: 'VM_NOT_FOUND',
      remoteCidr: 'MALFORMED_ADDRESS',
    } as const;
    return toFirewallRule(await this.changes.create(actor, validateInput(CreateFirewallRuleSchema, input, codes)));
  }

  @Authorize()
  @Mutation(() => FirewallRule, {
    description:
      'Changes a rule; running VMs follow within seconds. Errors: RULE_NOT_FOUND, PORT_OUT_OF_RANGE, MALFORMED_ADDRESS, INVALID_INPUT',
  })
  async updateFirewallRule(
    @CurrentActor() actor: Actor,
    @Args('input') input: UpdateFirewallRuleInput,
  ): Promise<FirewallRule> {
    const codes = { ruleId: 'RULE_NOT_FOUND', remoteCidr: 'MALFORMED_ADDRESS' } as const;
    return toFirewallRule(await this.changes.update(actor, validateInput(UpdateFirewallRuleSchema, input, codes)));
  }

  @Authorize()
  @Mutation(() => ID, { description: 'Deletes a rule and answers its id. Errors: RULE_NOT_FOUND, INVALID_INPUT' })
  deleteFirewallRule(@CurrentActor() actor: Actor, @Args('input') input: DeleteFirewallRuleInput): Promise<string> {
    return this.changes.delete(actor, validateInput(DeleteFirewallRuleSchema, input, { ruleId: 'RULE_NOT_FOUND' }));
  }
}
