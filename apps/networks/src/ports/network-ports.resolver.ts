import { Authorize } from '@infinibay/platform-access';
import { PageArgs, parsePage } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Network } from '../networks/network.model.js';
import { toPort } from './port.mapper.js';
import { PortConnection } from './port.model.js';
import { PortService } from './port.service.js';

@Resolver(() => Network)
export class NetworkPortsResolver {
  constructor(private readonly service: PortService) {}

  @Authorize()
  @ResolveField(() => PortConnection, { description: 'The ports in the network' })
  async ports(@Parent() network: Network, @Args() page: PageArgs): Promise<PortConnection> {
    const connection = await this.service.ofNetwork(network.id, parsePage(page));
    return { ...connection, nodes: connection.nodes.map(toPort) };
  }
}
