import { DomainError } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Cost, Graph, GraphContext, ListSize, VmRef } from '@infinibay/platform-graphql';
import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import type { VmFilter } from '../generated/prisma/client.js';
import { MAX_EFFECTIVE_RULES, firstOf } from '../rules/rule.limits.js';
import { toFirewallRule } from '../rules/rule.mapper.js';
import { FirewallRule } from '../rules/rule.model.js';
import { FilterDifferences, VmFirewall } from './vm-firewall.model.js';
import { VmFirewallService } from './vm-firewall.service.js';

@Resolver(() => VmRef)
export class VmFieldsResolver {
  constructor(private readonly service: VmFirewallService) {}

  @Authorize()
  @ResolveField(() => [FirewallRule], {
    description:
      "The rules that hold for the VM, its department's and its own, in the order in which they are matched. After them: everything out, nothing in",
  })
  async effectiveFirewallRules(
    @Parent() vm: VmRef,
    @Args('first', { type: () => Int, defaultValue: MAX_EFFECTIVE_RULES, description: 'At most so many, 0 to 200' })
    first: number,
    @Graph() graph: GraphContext,
  ): Promise<FirewallRule[]> {
    const loader = graph.loader('vm.effectiveFirewallRules', (ids, actor) => this.service.effectiveRulesOf(actor, ids));
    return firstOf((await loader.load(vm.id)) ?? [], first, MAX_EFFECTIVE_RULES).map(toFirewallRule);
  }

  @Authorize()
  @ResolveField(() => VmFirewall, { nullable: true, description: 'Its packet filter; null before the VM was built' })
  async firewall(@Parent() vm: VmRef, @Graph() graph: GraphContext): Promise<VmFirewall | null> {
    const loader = graph.loader('vm.firewall', (ids, actor) => this.service.filtersOf(actor, ids));
    const filter = await loader.load(vm.id);
    if (filter === null) return null;
    const { desiredRevision: revision, appliedAt, errorCode, differenceCount, vmId } = filter;
    const differences = FilterDifferences.parse(filter.differences);
    return { status: shownStatus(filter), revision, appliedAt, errorCode, differences, differenceCount, vmId };
  }
}

@Resolver(() => VmFirewall)
export class VmFirewallResolver {
  constructor(private readonly service: VmFirewallService) {}

  @ListSize(2000)
  @Cost(500)
  @Authorize()
  @ResolveField(() => [String], {
    description:
      "The kernel's own rules for the VM's interfaces, as its host read them a second or two ago; empty while it is off. Errors: HOST_UNAVAILABLE, RATE_LIMITED",
  })
  async kernelRules(@Parent() firewall: VmFirewall, @Graph() graph: GraphContext): Promise<string[]> {
    const loader = graph.loader('firewall.kernelRules', (ids, actor) => this.service.kernelRulesOf(actor, ids));
    const read = await loader.load(firewall.vmId);
    if (read instanceof DomainError) throw read;
    return read ?? [];
  }
}

/** Nothing is said of cards that nobody has compared: those of a start that the host told just now. */
const shownStatus = ({ status, bootsTold, bootsProven }: VmFilter): VmFirewall['status'] =>
  status === 'APPLIED' && bootsProven < bootsTold ? 'PENDING' : status;
