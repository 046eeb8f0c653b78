import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs, parsePage, validateInput, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Mutation, Query, Resolver, ResolveReference } from '@nestjs/graphql';
import { CreateNetworkInput, CreateNetworkSchema, DeleteNetworkInput, DeleteNetworkSchema } from './network.inputs.js';
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
  @Mutation(() => Network, {
    description:
      'Makes a network. Errors: DEPARTMENT_NOT_FOUND, MALFORMED_ADDRESS, ADDRESS_RANGE_TAKEN, NETWORK_RANGE_RESERVED, QUOTA_EXCEEDED, NAME_TAKEN, INVALID_INPUT',
  })
  async createNetwork(@CurrentActor() actor: Actor, @Args('input') input: CreateNetworkInput): Promise<Network> {
    const checked = validateInput(CreateNetworkSchema, input, {
      departmentId: 'DEPARTMENT_NOT_FOUND',
      cidr: 'MALFORMED_ADDRESS',
    });
    return toNetwork(await this.networks.create(actor, checked));
  }

  @Authorize()
  @Mutation(() => ID, {
    description:
      'Deletes a network without ports and answers its id. Errors: NETWORK_NOT_FOUND, NETWORK_IN_USE, INVALID_INPUT',
  })
  deleteNetwork(@CurrentActor() actor: Actor, @Args('input') input: DeleteNetworkInput): Promise<string> {
    return this.networks.delete(actor, validateInput(DeleteNetworkSchema, input, { networkId: 'NETWORK_NOT_FOUND' }));
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Network | null> {
    return loadNetwork(context.graph, this.networks, reference.id);
  }
}
