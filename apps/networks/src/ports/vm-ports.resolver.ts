import { Graph, GraphContext, ListSize } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toPort } from './port.mapper.js';
import { Port, VmRef } from './port.model.js';
import { PortService } from './port.service.js';

@Resolver(() => VmRef)
export class VmPortsResolver {
  constructor(private readonly service: PortService) {}

  @ListSize(16)
  @ResolveField(() => [Port], { description: 'The network cards of the VM, in the order in which it received them' })
  async ports(@Parent() vm: VmRef, @Graph() graph: GraphContext): Promise<Port[]> {
    const loader = graph.loader('vm.ports', (ids, actor) => this.service.ofVms(actor, ids));
    return ((await loader.load(vm.id)) ?? []).map(toPort);
  }
}
