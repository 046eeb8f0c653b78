import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { CurrentActor, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { Host } from './host.model.js';
import { HostRepository } from './host.repository.js';

@Resolver(() => Host)
export class HostResolver {
  constructor(private readonly repository: HostRepository) {}

  @ListSize(200)
  @Query(() => [Host], { description: 'Every host. For administrators. Errors: FORBIDDEN' })
  async hosts(@CurrentActor() actor: Actor): Promise<Host[]> {
    if (!can(actor, 'administer', { kind: 'host', departmentId: null })) throw new DomainError('FORBIDDEN');
    return this.repository.list(actor);
  }

  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Host | null> {
    return this.repository.loader(context.graph).load(reference.id);
  }
}
