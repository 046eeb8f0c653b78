import { Authorize } from '@infinibay/platform-access';
import { Graph, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Operation } from '../operations/operation.model.js';
import { Vm } from './vm.model.js';
import { VmService } from './vm.service.js';

@Resolver(() => Operation)
export class OperationVmResolver {
  constructor(private readonly vms: VmService) {}

  @Authorize()
  @ResolveField(() => Vm, { nullable: true, description: 'The virtual machine; null once it is deleted' })
  async vm(@Parent() operation: Operation, @Graph() graph: GraphContext): Promise<Vm | null> {
    return operation.resourceKind === 'vm' ? this.vms.loader(graph).load(operation.resourceId) : null;
  }
}
