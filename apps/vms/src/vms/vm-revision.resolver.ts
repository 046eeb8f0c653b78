import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, ListSize, PageArgs, UserRef } from '@infinibay/platform-graphql';
import { Args, ID, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { VmRevision, VmRevisionConnection, VmSpecChange } from './vm-revision.model.js';
import { VmRevisionService } from './vm-revision.service.js';
import { Vm } from './vm.model.js';

@Resolver(() => Vm)
export class VmRevisionsResolver {
  constructor(private readonly service: VmRevisionService) {}

  @Authorize()
  @ResolveField(() => VmRevisionConnection, {
    description: 'What it was declared to be, newest first. Errors: INVALID_INPUT',
  })
  revisions(@Parent() vm: Vm, @Args() args: PageArgs, @CurrentActor() actor: Actor): Promise<VmRevisionConnection> {
    return this.service.page(actor, vm.id, args);
  }

  @ListSize(32)
  @Authorize()
  @Query(() => [VmSpecChange], {
    description:
      'What differs between two revisions of a virtual machine, in the order of the paths. Errors: VM_NOT_FOUND, REVISION_NOT_FOUND',
  })
  compareVmRevisions(
    @Args('vmId', { type: () => ID }) vmId: string,
    @Args('from', { type: () => Int, description: 'The number of a revision' }) from: number,
    @Args('to', { type: () => Int, description: 'The number of another; before or after it' }) to: number,
    @CurrentActor() actor: Actor,
  ): Promise<VmSpecChange[]> {
    return this.service.compare(actor, vmId, from, to);
  }
}

@Resolver(() => VmRevision)
export class VmRevisionAuthorResolver {
  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who asked for it; null when the caller may not see that user',
  })
  author(@Parent() revision: VmRevision): UserRef {
    return { id: revision.authorId };
  }
}
