import { Authorize } from '@infinibay/platform-access';
import { Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { Volume } from './volume.model.js';
import { VolumeService } from './volume.service.js';

@Resolver(() => Vm)
export class VmVolumesResolver {
  constructor(private readonly service: VolumeService) {}

  @ListSize(25)
  @Authorize()
  @ResolveField(() => [Volume], {
    description: 'Volumes that are attached to it, or shall be, in the order of their names there',
  })
  async volumes(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<Volume[]> {
    return (await this.service.ofVm(graph).load(vm.id)) ?? [];
  }
}
