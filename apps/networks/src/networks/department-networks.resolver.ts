import { Graph, GraphContext, ListSize } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toNetwork } from './network.mapper.js';
import { DepartmentRef, Network } from './network.model.js';
import { NetworkService } from './network.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentNetworksResolver {
  constructor(private readonly service: NetworkService) {}

  @ListSize(200)
  @ResolveField(() => [Network], {
    description: 'The networks of the department, oldest first; `networks` has them in pages',
  })
  async networks(@Parent() department: DepartmentRef, @Graph() graph: GraphContext): Promise<Network[]> {
    const loader = graph.loader('department.networks', (ids, actor) => this.service.ofDepartments(actor, ids));
    return ((await loader.load(department.id)) ?? []).map(toNetwork);
  }
}
