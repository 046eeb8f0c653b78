import { Authorize } from '@infinibay/platform-access';
import { FirstArgs, Graph, GraphContext, VmRef, parseFirst } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { toPort } from './port.mapper.js';
import { Port } from './port.model.js';
import { PortService } from './port.service.js';

@Resolver(() => VmRef)
export class VmPortsResolver {
  constructor(private readonly service: PortService) {}

  @Authorize()
  @ResolveField(() => [Port], { description: 'The network cards of the VM, its first one first; see addVmPort' })
  async ports(@Parent() vm: VmRef, @Args() args: FirstArgs, @Graph() graph: GraphContext): Promise<Port[]> {
    const first = parseFirst(args);
    const loader = graph.loader(`vm.ports:${first}`, (ids, actor) => this.service.ofVms(actor, ids, first));
    return ((await loader.load(vm.id)) ?? []).map(toPort);
  }
}
