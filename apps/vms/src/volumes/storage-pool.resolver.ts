import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { StoragePool } from './volume.model.js';
import { VolumeService } from './volume.service.js';

@Resolver(() => StoragePool)
export class StoragePoolResolver {
  constructor(
    private readonly service: VolumeService,
    private readonly hosts: HostRepository,
  ) {}

  @ListSize(200)
  @Authorize({ role: 'ADMIN' })
  @Query(() => [StoragePool], {
    description: 'Every place for volumes that a host has told of. For administrators. Errors: FORBIDDEN',
  })
  storagePools(@CurrentActor() actor: Actor): Promise<StoragePool[]> {
    return this.service.pools(actor);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<StoragePool | null> {
    return this.service.poolLoader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'Host that it is on' })
  host(@Parent() pool: StoragePool, @Graph() graph: GraphContext): Promise<Host | null> {
    return this.hosts.loader(graph).load(pool.hostId);
  }
}
