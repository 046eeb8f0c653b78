import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs, parsePage, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Query, Resolver, ResolveReference } from '@nestjs/graphql';
import { loadNetwork } from './network.loader.js';
import { toNetwork } from './network.mapper.js';
import { Network, NetworkConnection } from './network.model.js';
import { NetworkService } from './network.service.js';

@Resolver(() => Network)
export class NetworkResolver {
  constructor(private readonly networks: NetworkService) {}

  @Authorize()
  @Query(() => Network, { nullable: true, description: 'A network by its id. Errors: NETWORK_NOT_FOUND' })
  async network(@CurrentActor() actor: Actor, @Args('id', { type: () => ID }) id: string): Promise<Network> {
    return toNetwork(await this.networks.get(actor, id));
  }

  @Authorize()
  @Query(() => NetworkConnection, {
    name: 'networks',
    description: 'The networks that you may see, oldest first. Errors: DEPARTMENT_NOT_FOUND',
  })
  async listNetworks(
    @CurrentActor() actor: Actor,
    @Args() page: PageArgs,
    @Args('departmentId', { type: () => ID, nullable: true, description: 'Only those of this department' })
    departmentId?: string | null,
  ): Promise<NetworkConnection> {
    const connection = await this.networks.page(actor, parsePage(page), departmentId ?? undefined);
    return { ...connection, nodes: connection.nodes.map(toNetwork) };
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Network | null> {
    return loadNetwork(context.graph, this.networks, reference.id);
  }
}
