import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import {
  CurrentActor,
  DepartmentRef,
  Graph,
  UserRef,
  type CountedLater,
  type GraphContext,
} from '@infinibay/platform-graphql';
import { Args, ID, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { Vm } from '../vms/vm.model.js';
import { VmService } from '../vms/vm.service.js';
import { VolumesArgs } from './volume-list.inputs.js';
import { StoragePool, Volume, VolumeConnection } from './volume.model.js';
import { VolumeService } from './volume.service.js';

@Resolver(() => Volume)
export class VolumeResolver {
  constructor(
    private readonly service: VolumeService,
    private readonly vms: VmService,
    private readonly hosts: HostRepository,
  ) {}

  @Authorize()
  @Query(() => Volume, { description: 'One volume. Errors: VOLUME_NOT_FOUND' })
  volume(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<Volume> {
    return this.service.get(actor, id);
  }

  @Authorize()
  @Query(() => VolumeConnection, {
    description: 'Volumes of the departments that you may see, newest first. Errors: INVALID_INPUT',
  })
  volumes(@Args() args: VolumesArgs, @CurrentActor() actor: Actor): Promise<CountedLater<Volume>> {
    return this.service.page(actor, args);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Volume | null> {
    return this.service.loader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => Vm, { nullable: true, description: 'The VM that it is attached to, or shall be' })
  async vm(@Parent() volume: Volume, @Graph() graph: GraphContext): Promise<Vm | null> {
    return volume.attachedVmId === null ? null : this.vms.loader(graph).load(volume.attachedVmId);
  }

  @Authorize()
  @ResolveField(() => DepartmentRef, { nullable: true, description: 'Department that it belongs to' })
  department(@Parent() volume: Volume): DepartmentRef {
    return { id: volume.departmentId };
  }

  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who created it; null when the caller may not see that user',
  })
  owner(@Parent() volume: Volume): UserRef {
    return { id: volume.ownerId };
  }

  @Authorize()
  @ResolveField(() => StoragePool, { nullable: true, description: 'Where it is' })
  pool(@Parent() volume: Volume, @Graph() graph: GraphContext): Promise<StoragePool | null> {
    return this.service.poolLoader(graph).load(volume.poolId);
  }

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'Host that it is on: VMs of this host can have it' })
  host(@Parent() volume: Volume, @Graph() graph: GraphContext): Promise<Host | null> {
    return this.hosts.loader(graph).load(volume.hostId);
  }
}
