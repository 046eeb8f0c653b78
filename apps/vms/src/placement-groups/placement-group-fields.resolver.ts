import { Authorize } from '@infinibay/platform-access';
import { DepartmentRef, Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { MAX_GROUPS_OF_VM, MAX_MEMBERS_OF_GROUP, isViolated } from '@infinibay/vms-domain';
import { Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { VmService } from '../vms/vm.service.js';
import type { MemberPlace } from './group-member.repository.js';
import { PlacementGroup } from './placement-group.model.js';
import { PlacementGroupService } from './placement-group.service.js';

@Resolver(() => PlacementGroup)
export class PlacementGroupFieldsResolver {
  constructor(
    private readonly service: PlacementGroupService,
    private readonly readable: VmService,
  ) {}

  @Authorize()
  @ResolveField(() => DepartmentRef, { nullable: true, description: 'Department that it belongs to' })
  department(@Parent() group: PlacementGroup): DepartmentRef {
    return { id: group.departmentId };
  }

  @Authorize()
  @ResolveField(() => Int, { description: `How many virtual machines are in it, at most ${MAX_MEMBERS_OF_GROUP}` })
  async vmCount(@Parent() group: PlacementGroup, @Graph() graph: GraphContext): Promise<number> {
    return (await this.places(group, graph)).length;
  }

  @ListSize(MAX_MEMBERS_OF_GROUP)
  @Authorize()
  @ResolveField(() => [Vm], { description: 'Virtual machines that are in it, in the order of their ids' })
  async vms(@Parent() group: PlacementGroup, @Graph() graph: GraphContext): Promise<Vm[]> {
    const vmIds = (await this.places(group, graph)).map(({ vmId }) => vmId);
    const found = await Promise.all(vmIds.map((vmId) => this.readable.loader(graph).load(vmId)));
    return found.filter((vm) => vm !== null);
  }

  @Authorize()
  @ResolveField(() => Boolean, {
    description:
      'Its virtual machines are otherwise than its policy says, on the hosts where they are now: two that shall be apart are on one, or not all that shall be together. That can be of one that was put into it, or, of a PREFERRED one, for want of another host. Nothing is moved for it: see migrateVm',
  })
  async isViolated(@Parent() group: PlacementGroup, @Graph() graph: GraphContext): Promise<boolean> {
    const hostIds = (await this.places(group, graph)).map(({ hostId }) => hostId);
    return isViolated(group.policy, hostIds);
  }

  private async places({ id }: PlacementGroup, graph: GraphContext): Promise<readonly MemberPlace[]> {
    return (await this.service.places(graph).load(id)) ?? [];
  }
}

@Resolver(() => Vm)
export class VmPlacementGroupsResolver {
  constructor(private readonly service: PlacementGroupService) {}

  @ListSize(MAX_GROUPS_OF_VM)
  @Authorize()
  @ResolveField(() => [PlacementGroup], {
    description: 'Placement groups that it is in, oldest first; see addVmToPlacementGroup',
  })
  async placementGroups(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<PlacementGroup[]> {
    return (await this.service.ofVm(graph).load(vm.id)) ?? [];
  }
}
