import { Cost, Graph, GraphContext, ListSize } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toFirewallRule } from '../rules/rule.mapper.js';
import { FirewallRule, VmRef } from '../rules/rule.model.js';
import { VmFirewall } from './vm-firewall.model.js';
import { VmFirewallService } from './vm-firewall.service.js';

@Resolver(() => VmRef)
export class VmFieldsResolver {
  constructor(private readonly service: VmFirewallService) {}

  @ListSize(200)
  @ResolveField(() => [FirewallRule], {
    description:
      "The rules that hold for the VM, its department's and its own, in the order in which they are matched. After them: everything out, nothing in",
  })
  async effectiveFirewallRules(@Parent() vm: VmRef, @Graph() graph: GraphContext): Promise<FirewallRule[]> {
    const loader = graph.loader('vm.effectiveFirewallRules', (ids, actor) => this.service.effectiveRulesOf(actor, ids));
    return ((await loader.load(vm.id)) ?? []).map(toFirewallRule);
  }

  @ResolveField(() => VmFirewall, { nullable: true, description: 'Its packet filter; null before the VM was built' })
  async firewall(@Parent() vm: VmRef, @Graph() graph: GraphContext): Promise<VmFirewall | null> {
    const loader = graph.loader('vm.firewall', (ids, actor) => this.service.filtersOf(actor, ids));
    const filter = await loader.load(vm.id);
    if (filter === null) return null;
    const { status, desiredRevision: revision, appliedAt, errorCode, vmId, hostId } = filter;
    return { status, revision, appliedAt, errorCode, vmId, hostId };
  }
}

@Resolver(() => VmFirewall)
export class VmFirewallResolver {
  constructor(private readonly service: VmFirewallService) {}

  @ListSize(2000)
  @Cost(500)
  @ResolveField(() => [String], {
    description:
      "The kernel's own rules for the VM's interfaces, read on its host now; empty while it is off. Errors: HOST_UNAVAILABLE",
  })
  kernelRules(@Parent() firewall: VmFirewall): Promise<string[]> {
    return this.service.kernelRules(firewall.vmId, firewall.hostId);
  }
}
