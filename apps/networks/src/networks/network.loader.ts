import type { GraphContext } from '@infinibay/platform-graphql';
import { toNetwork } from './network.mapper.js';
import type { Network } from './network.model.js';
import type { NetworkService } from './network.service.js';

/** A network through the request's batch; null when it is unknown or the actor may not read it. */
export const loadNetwork = async (
  graph: GraphContext,
  networks: NetworkService,
  id: string,
): Promise<Network | null> => {
  const row = await graph.loader('network', (ids, actor) => networks.readableByIds(actor, ids)).load(id);
  return row === null ? null : toNetwork(row);
};
