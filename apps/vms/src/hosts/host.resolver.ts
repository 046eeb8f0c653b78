import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, ListSize, UserRef, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Host, HostMaintenance } from './host.model.js';
import { HostRepository } from './host.repository.js';

@Resolver(() => Host)
export class HostResolver {
  constructor(private readonly repository: HostRepository) {}

  @ListSize(200)
  @Authorize({ role: 'ADMIN' })
  @Query(() => [Host], { description: 'Every host. For administrators. Errors: FORBIDDEN' })
  async hosts(@CurrentActor() actor: Actor): Promise<Host[]> {
    return this.repository.list(actor);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Host | null> {
    return this.repository.loader(context.graph).load(reference.id);
  }
}

@Resolver(() => HostMaintenance)
export class HostMaintenanceByResolver {
  @Authorize()
  @ResolveField(() => UserRef, { nullable: true, description: 'For administrators: who said so last' })
  by(@Parent() { byId }: HostMaintenance): UserRef | null {
    return byId === null ? null : { id: byId };
  }
}
