import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, PageArgs, UserRef, type CountedLater, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { OperationFilterInput } from './operation.inputs.js';
import { Operation, OperationConnection } from './operation.model.js';
import { OperationService } from './operation.service.js';

@Resolver(() => Operation)
export class OperationResolver {
  constructor(private readonly service: OperationService) {}

  @Authorize()
  @Query(() => Operation, { description: 'One operation. Errors: OPERATION_NOT_FOUND' })
  operation(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<Operation> {
    return this.service.get(actor, id);
  }

  @Authorize()
  @Query(() => OperationConnection, {
    description:
      'Operations of the departments that you may see, newest first, also of what is gone. They are kept for a time that the operator sets (HISTORY_KEEP_DAYS) after their end. Errors: INVALID_INPUT',
  })
  operations(
    @Args() page: PageArgs,
    @CurrentActor() actor: Actor,
    @Args('filter', { type: () => OperationFilterInput, nullable: true }) filter?: OperationFilterInput | null,
  ): Promise<CountedLater<Operation>> {
    return this.service.page(actor, page, filter);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Operation | null> {
    return this.service.loader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => UserRef, { nullable: true, description: 'Who asked for it' })
  requestedBy(@Parent() operation: Operation): UserRef {
    return { id: operation.actorId };
  }
}
