import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs, parsePage, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Query, Resolver, ResolveReference } from '@nestjs/graphql';
import { toFirewallRule } from './rule.mapper.js';
import { FirewallRule, FirewallRuleConnection } from './rule.model.js';
import { RuleService } from './rule.service.js';

@Resolver(() => FirewallRule)
export class FirewallRuleResolver {
  constructor(private readonly rules: RuleService) {}

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
  @ResolveReference()
  async resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<FirewallRule | null> {
    const loader = context.graph.loader('firewallRule', (ids, actor) => this.rules.readableByIds(actor, ids));
    const row = await loader.load(reference.id);
    return row === null ? null : toFirewallRule(row);
  }
}
