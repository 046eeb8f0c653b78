import { ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Authorize } from '@infinibay/platform-access';
import { Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { Image } from './image.model.js';
import { ImageRepository } from './image.repository.js';

@Resolver(() => Image)
export class ImageResolver {
  constructor(private readonly repository: ImageRepository) {}

  @ListSize(200)
  @Authorize()
  @Query(() => [Image], { description: 'Images that a VM can be made from' })
  images(): Promise<Image[]> {
    return this.repository.list();
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Image | null> {
    return this.repository.loader(context.graph).load(reference.id);
  }
}
