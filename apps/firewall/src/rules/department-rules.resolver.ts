import { Authorize } from '@infinibay/platform-access';
import { DepartmentRef, Graph, GraphContext } from '@infinibay/platform-graphql';
import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toFirewallRule } from './rule.mapper.js';
import { FirewallRule } from './rule.model.js';
import { MAX_RULES, firstOf } from './rule.limits.js';
import { RuleService } from './rule.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentRulesResolver {
  constructor(private readonly rules: RuleService) {}

  @Authorize()
  @ResolveField(() => [FirewallRule], {
    description: 'The rules for every VM of the department, oldest first; `firewallRules` has those of single VMs too',
  })
  async firewallRules(
    @Parent() department: DepartmentRef,
    @Args('first', { type: () => Int, defaultValue: MAX_RULES, description: 'At most so many, 0 to 100' })
    first: number,
    @Graph() graph: GraphContext,
  ): Promise<FirewallRule[]> {
    const loader = graph.loader('department.firewallRules', (ids, actor) => this.rules.ofDepartments(actor, ids));
    return firstOf((await loader.load(department.id)) ?? [], first, MAX_RULES).map(toFirewallRule);
  }
}
