import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { ExplainedVm } from '../placement/placement.model.js';
import { ExplainPlacementInput, MAX_EXPLAINED_VMS } from './explain-placement.inputs.js';
import { ExplainPlacementService } from './explain-placement.service.js';

@Resolver(() => ExplainedVm)
export class ExplainPlacementResolver {
  constructor(
    private readonly service: ExplainPlacementService,
    private readonly hosts: HostRepository,
  ) {}

  @ListSize(MAX_EXPLAINED_VMS)
  @Authorize()
  @Query(() => [ExplainedVm], {
    description:
      'A dry run of createVm: where virtual machines would go, one after another on one picture of the fleet, or why they could not. It asks for a place only: names and networks are not looked at. Each virtual machine has an error of its own: DEPARTMENT_NOT_FOUND, IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, TEMPLATE_NOT_FOUND, TEMPLATE_VERSION_NOT_FOUND, TEMPLATE_LIMIT, PLACEMENT_GROUP_NOT_FOUND, PLACEMENT_GROUP_FULL, INVALID_INPUT, MEMORY_EXCEEDS_HOST, NO_SUITABLE_HOST. Errors: INVALID_INPUT',
  })
  explainPlacement(@Args('input') input: ExplainPlacementInput, @CurrentActor() actor: Actor): Promise<ExplainedVm[]> {
    return this.service.explain(actor, input);
  }

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'Where it would go; null when it could not be placed' })
  host(@Parent() { hostId }: ExplainedVm, @Graph() graph: GraphContext): Promise<Host | null> | null {
    return hostId === null ? null : this.hosts.loader(graph).load(hostId);
  }
}
