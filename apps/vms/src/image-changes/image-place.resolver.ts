import { Authorize } from '@infinibay/platform-access';
import { Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { ImagePlace } from './image-place.model.js';

@Resolver(() => Image)
export class ImagePlacesResolver {
  constructor(private readonly copies: ImageCopyRepository) {}

  @ListSize(200)
  @Authorize()
  @ResolveField(() => [ImagePlace], {
    description:
      'The hosts that have it, as they tell, and those that it is, or could not be, copied to. None while it is not READY for the first time',
  })
  async hosts(@Parent() { id }: Image, @Graph() graph: GraphContext): Promise<ImagePlace[]> {
    const places = await graph.loader('places-of-image', (ids) => this.copies.places(ids)).load(id);
    return places ?? [];
  }
}

@Resolver(() => ImagePlace)
export class ImagePlaceResolver {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'null when it is gone since' })
  host(@Parent() { hostId }: ImagePlace, @Graph() graph: GraphContext): Promise<Host | null> {
    return this.hosts.loader(graph).load(hostId);
  }
}
