import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs, parsePage, validateInput, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Mutation, Query, Resolver, ResolveReference } from '@nestjs/graphql';
import { RuleChangesService } from './rule-changes.service.js';
import {
  CreateFirewallRuleInput,
  CreateFirewallRuleSchema,
  DeleteFirewallRuleInput,
  DeleteFirewallRuleSchema,
  UpdateFirewallRuleInput,
  UpdateFirewallRuleSchema,
} from './rule.inputs.js';
import { toFirewallRule } from './rule.mapper.js';
import { FirewallRule, FirewallRuleConnection } from './rule.model.js';
import { RuleService } from './rule.service.js';

@Resolver(() => FirewallRule)
export class FirewallRuleResolver {
  constructor(
    private readonly rules: RuleService,
    private readonly changes: RuleChangesService,
  ) {}

  @Authorize()
  @Query(() => FirewallRule, { nullable: true, description: 'A firewall rule by its id. Errors: RULE_NOT_FOUND' })
  async firewallRule(@CurrentActor() actor: Actor, @Args('id', { type: () => ID }) id: string): Promise<FirewallRule> {
    return toFirewallRule(await this.rules.get(actor, id));
  }

  @Authorize()
  @Query(() => FirewallRuleConnection, {
    description: 'The firewall rules that you may see, oldest first. Errors: DEPARTMENT_NOT_FOUND',
  })
  async firewallRules(
    @CurrentActor() actor: Actor,
    @Args() page: PageArgs,
    @Args('departmentId', { type: () => ID, nullable: true, description: 'Only those of this department' })
    departmentId?: string | null,
    @Args('vmId', { type: () => ID, nullable: true, description: 'Only those that are for this VM alone' })
    vmId?: string | null,
  ): Promise<FirewallRuleConnection> {
    const filter = {
      ...(typeof departmentId === 'string' ? { departmentId } : {}),
      ...(typeof vmId === 'string' ? { vmId } : {}),
    };
    const connection = await this.rules.page(actor, parsePage(page), filter);
    return { ...connection, nodes: connection.nodes.map(toFirewallRule) };
  }

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

  @Authorize()
  @ResolveReference()
  async resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<FirewallRule | null> {
    const loader = context.graph.loader('firewallRule', (ids, actor) => this.rules.readableByIds(actor, ids));
    const row = await loader.load(reference.id);
    return row === null ? null : toFirewallRule(row);
  }
}
