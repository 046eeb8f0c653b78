import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, UserRef, type GraphContext } from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Args, ID, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { toOperation } from './operation.mapper.js';
import { Operation } from './operation.model.js';
import { OperationRepository } from './operation.repository.js';

@Resolver(() => Operation)
export class OperationResolver {
  constructor(private readonly operations: OperationRepository) {}

  @Authorize()
  @Query(() => Operation, { description: 'One operation. Errors: OPERATION_NOT_FOUND' })
  async operation(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<Operation> {
    const row = isUuid(id) ? await this.operations.find(id, readableDepartments(actor)) : null;
    if (row === null) throw new DomainError('OPERATION_NOT_FOUND');
    return toOperation(row);
  }

  @Authorize()
  @ResolveReference()
  async resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Operation | null> {
    const loader = context.graph.loader<Operation>('operation', async (ids, actor) => {
      const rows = await this.operations.findMany(onlyUuids(ids), readableDepartments(actor));
      return new Map(rows.map((row) => [row.id, toOperation(row)]));
    });
    return loader.load(reference.id);
  }

  @Authorize()
  @ResolveField(() => UserRef, { nullable: true, description: 'Who asked for it' })
  requestedBy(@Parent() operation: Operation): UserRef {
    return { id: operation.actorId };
  }
}
