import { Graph, GraphContext, ListSize } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toFirewallRule } from './rule.mapper.js';
import { DepartmentRef, FirewallRule } from './rule.model.js';
import { RuleService } from './rule.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentRulesResolver {
  constructor(private readonly rules: RuleService) {}

  @ListSize(200)
  @ResolveField(() => [FirewallRule], {
    description: 'The rules for every VM of the department, oldest first; `firewallRules` has those of single VMs too',
  })
  async firewallRules(@Parent() department: DepartmentRef, @Graph() graph: GraphContext): Promise<FirewallRule[]> {
    const loader = graph.loader('department.firewallRules', (ids, actor) => this.rules.ofDepartments(actor, ids));
    return ((await loader.load(department.id)) ?? []).map(toFirewallRule);
  }
}
