import { MAX_LAYERS, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Cost, CurrentActor, Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { Vm } from '../vms/vm.model.js';
import { Volume } from '../volumes/volume.model.js';
import { DiskLayer } from './disk-chain.model.js';
import { DiskChainService } from './disk-chain.service.js';

/** Its host starts a program for each: no query asks for more than twenty. */
const COST = 950;
const ASKED =
  'As its host finds it when this is asked for. null: there is none yet, or the agent of the host is too old to tell. Errors: HOST_UNAVAILABLE, DEADLINE_EXCEEDED, STORAGE_UNAVAILABLE, UNSUPPORTED_BY_DRIVER, HYPERVISOR_ERROR';

/** The parent was authorised when it was read. */
@Resolver(() => Vm)
export class VmDiskChainResolver {
  constructor(private readonly chains: DiskChainService) {}

  @ListSize(MAX_LAYERS)
  @Cost(COST)
  @Authorize()
  @ResolveField(() => [DiskLayer], {
    nullable: true,
    description: `What its own disk consists of, from the top: its file, the snapshots in that, newest first, and the image that it reads from. ${ASKED}, DISK_MISSING, DISK_REPLACED, DISK_DAMAGED, IMAGE_MISSING, IMAGE_REPLACED`,
  })
  async diskChain(@Parent() vm: Vm, @CurrentActor() actor: Actor): Promise<DiskLayer[] | null> {
    return vm.hasDisk ? this.chains.read(actor, { kind: 'DISK', id: vm.id, hostId: vm.hostId }) : null;
  }
}

@Resolver(() => Volume)
export class VolumeChainResolver {
  constructor(private readonly chains: DiskChainService) {}

  @ListSize(MAX_LAYERS)
  @Cost(COST)
  @Authorize()
  @ResolveField(() => [DiskLayer], {
    nullable: true,
    description: `What it consists of, from the top: its file, and the snapshots in that, newest first. ${ASKED}, VOLUME_MISSING, VOLUME_REPLACED, VOLUME_DAMAGED`,
  })
  async chain(@Parent() volume: Volume, @CurrentActor() actor: Actor): Promise<DiskLayer[] | null> {
    const { id, hostId } = volume;
    return volume.isBuilt ? this.chains.read(actor, { kind: 'VOLUME', id, hostId }) : null;
  }
}

@Resolver(() => DiskLayer)
export class DiskLayerImageResolver {
  constructor(private readonly images: ImageRepository) {}

  @Authorize()
  @ResolveField(() => Image, {
    nullable: true,
    description: 'Which image it is; null of anything else, and when it is of a department that you may not see',
  })
  async image(@Parent() { imageId }: DiskLayer, @Graph() graph: GraphContext): Promise<Image | null> {
    return imageId === null ? null : this.images.loader(graph).load(imageId);
  }
}
