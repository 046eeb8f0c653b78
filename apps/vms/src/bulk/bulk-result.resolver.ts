import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, Graph, PageArgs, type CountedLater, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { BulkResultStatus } from '../generated/prisma/enums.js';
import { Operation } from '../operations/operation.model.js';
import { OperationService } from '../operations/operation.service.js';
import { Vm } from '../vms/vm.model.js';
import { VmService } from '../vms/vm.service.js';
import { BulkResult, BulkResultConnection } from './bulk-result.model.js';
import { isOnMany } from './bulk-request.repository.js';
import { BulkResultService } from './bulk-result.service.js';

@Resolver(() => Operation)
export class OperationResultsResolver {
  constructor(private readonly service: BulkResultService) {}

  @Authorize()
  @ResolveField(() => BulkResultConnection, {
    nullable: true,
    description:
      'Of a bulk request, or of the drain of a host, what became of each VM, in the order in which they were named; null for any other operation. They are up to date within a second or two. VMs that you may no longer see are left out. Errors: INVALID_INPUT',
  })
  async results(
    @Parent() operation: Operation,
    @Args() page: PageArgs,
    @CurrentActor() actor: Actor,
    @Args('statuses', { type: () => [BulkResultStatus], nullable: true, description: 'In one of these alone' })
    statuses?: BulkResultStatus[] | null,
  ): Promise<CountedLater<BulkResult> | null> {
    if (!isOnMany(operation)) return null;
    return this.service.page(actor, operation.id, page, statuses ?? null);
  }
}

@Resolver(() => BulkResult)
export class BulkResultResolver {
  constructor(
    private readonly vms: VmService,
    private readonly operations: OperationService,
  ) {}

  @Authorize()
  @ResolveField(() => Vm, { nullable: true, description: 'The virtual machine; null once it is deleted' })
  vm(@Parent() { vmId }: BulkResult, @Graph() graph: GraphContext): Promise<Vm | null> {
    return this.vms.loader(graph).load(vmId);
  }

  @Authorize()
  @ResolveField(() => Operation, {
    nullable: true,
    description: 'The operation on the virtual machine, once it is accepted',
  })
  async operation(@Parent() result: BulkResult, @Graph() graph: GraphContext): Promise<Operation | null> {
    const { acceptedOperationId: id } = result;
    return id === null ? null : this.operations.loader(graph).load(id);
  }
}

@Resolver(() => BulkResultConnection)
export class BulkResultConnectionResolver {
  @Authorize()
  @ResolveField(() => Int, { description: 'How many there are on all pages; counted only when it is asked for' })
  totalCount(@Parent() page: BulkResultConnection): Promise<number> {
    return page.count();
  }
}
