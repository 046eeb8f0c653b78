import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { Host } from './host.model.js';
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
