import { Authorize } from '@infinibay/platform-access';
import { Graph, GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { loadNetwork } from '../networks/network.loader.js';
import { Network } from '../networks/network.model.js';
import { NetworkService } from '../networks/network.service.js';
import { toPort } from './port.mapper.js';
import { Port } from './port.model.js';
import { PortService } from './port.service.js';

@Resolver(() => Port)
export class PortResolver {
  constructor(
    private readonly ports: PortService,
    private readonly networks: NetworkService,
  ) {}

  @Authorize()
  @ResolveField(() => Network, { nullable: true })
  network(@Parent() port: Port, @Graph() graph: GraphContext): Promise<Network | null> {
    return loadNetwork(graph, this.networks, port.networkId);
  }

  @Authorize()
  @ResolveReference()
  async resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Port | null> {
    const loader = context.graph.loader('port', (ids, actor) => this.ports.readableByIds(actor, ids));
    const row = await loader.load(reference.id);
    return row === null ? null : toPort(row);
  }
}
