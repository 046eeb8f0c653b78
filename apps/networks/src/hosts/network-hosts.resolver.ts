import { Authorize } from '@infinibay/platform-access';
import { FirstArgs, Graph, GraphContext, parseFirst } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Network } from '../networks/network.model.js';
import { HostStatusRepository, type HostStatusRow } from './host-status.repository.js';
import { NetworkHost, NetworkHostDifference, NetworkHostStatus } from './network-host.model.js';

@Resolver(() => Network)
export class NetworkHostsResolver {
  constructor(private readonly statuses: HostStatusRepository) {}

  /** The parent was authorised when it was read. */
  @Authorize()
  @ResolveField(() => [NetworkHost], { description: 'How the network stands on the hosts that have it' })
  async hosts(
    @Parent() network: Network,
    @Args() args: FirstArgs,
    @Graph() graph: GraphContext,
  ): Promise<NetworkHost[]> {
    const first = parseFirst(args);
    const loader = graph.loader(`network.hosts:${first}`, async (ids) =>
      Map.groupBy(await this.statuses.ofNetworks(ids, first), ({ networkId }) => networkId),
    );
    return ((await loader.load(network.id)) ?? []).map(toNetworkHost);
  }
}

const toNetworkHost = ({ networkId: _networkId, isSilent, status, ...row }: HostStatusRow): NetworkHost => ({
  ...row,
  status: isSilent && status !== 'PENDING' && status !== 'ERROR' ? NetworkHostStatus.UNKNOWN : statusOf(status),
});

const STATUSES: ReadonlyMap<string, NetworkHostStatus> = new Map(Object.entries(NetworkHostStatus));
const statusOf = (status: string): NetworkHostStatus => STATUSES.get(status) ?? NetworkHostStatus.UNKNOWN;

@Resolver(() => NetworkHost)
export class NetworkHostDifferencesResolver {
  @Authorize()
  @ResolveField(() => [NetworkHostDifference], { description: 'What differs' })
  differences(@Parent() host: NetworkHost, @Args() args: FirstArgs): NetworkHostDifference[] {
    return host.differences.slice(0, parseFirst(args));
  }
}
