import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { SetHostOvercommitInput } from './overcommit.inputs.js';
import { HostOvercommit } from './overcommit.model.js';
import { OvercommitService } from './overcommit.service.js';

@Resolver(() => Host)
export class HostOvercommitResolver {
  constructor(private readonly service: OvercommitService) {}

  @Authorize()
  @ResolveField(() => HostOvercommit, { nullable: true, description: 'For administrators; see setHostOvercommit' })
  overcommit(@Parent() host: Host): HostOvercommit | null {
    return this.service.of(host);
  }

  @Authorize()
  @Mutation(() => Host, {
    description:
      'Sets how much of what it has a host may promise to virtual machines, both ratios at once. It may be less than is promised there: the VMs stay as they are, and the host takes nothing more until it fits (rules memory-committed and cpu-committed). For administrators. Errors: HOST_NOT_FOUND, FORBIDDEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  setHostOvercommit(@Args('input') input: SetHostOvercommitInput, @CurrentActor() actor: Actor): Promise<Host> {
    return this.service.set(actor, input);
  }
}
