import { Authorize } from '@infinibay/platform-access';
import { Graph, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { DrainPreview } from './drain.model.js';

@Resolver(() => DrainPreview)
export class DrainTargetResolver {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @ResolveField(() => Host, {
    nullable: true,
    description:
      'Of MIGRATE: the host that the scheduler would choose now, or to which it is on its way; null for any other',
  })
  targetHost(@Parent() { targetHostId }: DrainPreview, @Graph() graph: GraphContext): Promise<Host | null> | null {
    return targetHostId === null ? null : this.hosts.loader(graph).load(targetHostId);
  }
}
