import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, Graph, PageArgs, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { Vm } from '../vms/vm.model.js';
import { HostFailureService } from './host-failure.service.js';
import { ConsideredHost, DisplacedVm, DisplacedVmConnection, Placement, toPlacement } from './placement.model.js';
import { PlacementRepository } from './placement.repository.js';

@Resolver(() => Vm)
export class VmPlacementResolver {
  constructor(private readonly placements: PlacementRepository) {}

  @Authorize()
  @ResolveField(() => Placement, {
    nullable: true,
    description: 'Why it is on its host; null for one that was placed before this was kept',
  })
  async placement(
    @Parent() vm: Vm,
    @CurrentActor() actor: Actor,
    @Graph() graph: GraphContext,
  ): Promise<Placement | null> {
    const record = await graph.loader('placement-of-vm', (ids) => this.placements.findMany(ids)).load(vm.id);
    return record === null ? null : toPlacement(record, actor);
  }
}

@Resolver(() => ConsideredHost)
export class ConsideredHostResolver {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'null when it is gone since' })
  host(@Parent() { hostId }: ConsideredHost, @Graph() graph: GraphContext): Promise<Host | null> {
    return this.hosts.loader(graph).load(hostId);
  }
}

@Resolver(() => DisplacedVm)
export class HostFailureResolver {
  constructor(
    private readonly service: HostFailureService,
    private readonly hosts: HostRepository,
  ) {}

  @Authorize({ role: 'ADMIN' })
  @Query(() => DisplacedVmConnection, {
    description:
      'A dry run: where each virtual machine of a host would go if the host failed, the large ones placed first and by their placement groups, or the rule by which each other host refuses it. It judges the room for them, not whether their disks can be reached from there. For administrators. Errors: FORBIDDEN, HOST_NOT_FOUND, INVALID_INPUT',
  })
  whatIfHostFails(
    @Args('hostId', { type: () => ID, description: 'The host that fails' }) hostId: string,
    @Args() page: PageArgs,
    @CurrentActor() actor: Actor,
  ): Promise<DisplacedVmConnection> {
    return this.service.whatIf(actor, hostId, page);
  }

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'Where it would go; null when every other host refuses it' })
  host(@Parent() { hostId }: DisplacedVm, @Graph() graph: GraphContext): Promise<Host | null> | null {
    return hostId === null ? null : this.hosts.loader(graph).load(hostId);
  }
}
