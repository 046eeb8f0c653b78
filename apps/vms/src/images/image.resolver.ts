import { CurrentActor, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import type { Actor } from '@infinibay/contracts';
import { Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { Image } from './image.model.js';
import { ImageRepository } from './image.repository.js';

@Resolver(() => Image)
export class ImageResolver {
  constructor(private readonly repository: ImageRepository) {}

  @ListSize(200)
  @Query(() => [Image], { description: 'Images that a VM can be made from' })
  images(@CurrentActor() _actor: Actor): Promise<Image[]> {
    return this.repository.list();
  }

  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Image | null> {
    return this.repository.loader(context.graph).load(reference.id);
  }
}
