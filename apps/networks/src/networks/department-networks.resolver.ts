import { Authorize } from '@infinibay/platform-access';
import { DepartmentRef, FirstArgs, Graph, GraphContext, parseFirst } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toNetwork } from './network.mapper.js';
import { Network } from './network.model.js';
import { NetworkService } from './network.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentNetworksResolver {
  constructor(private readonly service: NetworkService) {}

  @Authorize()
  @ResolveField(() => [Network], {
    description: 'The networks of the department, oldest first; `networks` has them in pages',
  })
  async networks(
    @Parent() department: DepartmentRef,
    @Args() args: FirstArgs,
    @Graph() graph: GraphContext,
  ): Promise<Network[]> {
    const first = parseFirst(args);
    const loader = graph.loader(`department.networks:${first}`, (ids, actor) =>
      this.service.ofDepartments(actor, ids, first),
    );
    return ((await loader.load(department.id)) ?? []).map(toNetwork);
  }
}
