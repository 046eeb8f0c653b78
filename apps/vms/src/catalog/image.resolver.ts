import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, DepartmentRef, ListSize, UserRef, type GraphContext } from '@infinibay/platform-graphql';
import { Args, ID, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { toImage } from './image.mapper.js';
import { Image } from './image.model.js';
import { ImageRepository } from './image.repository.js';

@Resolver(() => Image)
export class ImageResolver {
  constructor(private readonly repository: ImageRepository) {}

  @ListSize(200)
  @Authorize()
  @Query(() => [Image], {
    description:
      'Images for all, and those of the departments that you may see. Those that a VM can be made from, unless all is true',
  })
  images(
    @CurrentActor() actor: Actor,
    @Args('all', { type: () => Boolean, nullable: true, description: 'Whatever their state is, and ISOs too' })
    all?: boolean | null,
  ): Promise<Image[]> {
    return this.repository.list(actor, all === true);
  }

  @Authorize()
  @Query(() => Image, { description: 'One image, whatever its state is. Errors: IMAGE_NOT_FOUND' })
  async image(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<Image> {
    const row = await this.repository.findRow(actor, id);
    if (row === null || row.state === 'DELETED') throw new DomainError('IMAGE_NOT_FOUND');
    return toImage(row);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Image | null> {
    return this.repository.loader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => DepartmentRef, { nullable: true, description: 'Whose it is; null: it is for all departments' })
  department(@Parent() { departmentId }: Image): DepartmentRef | null {
    return departmentId === null ? null : { id: departmentId };
  }

  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who imported it; of one for all departments only administrators see that',
  })
  importedBy(@Parent() { departmentId, importedById }: Image, @CurrentActor() actor: Actor): UserRef | null {
    const isHidden = departmentId === null && !can(actor, 'administer', { kind: 'image', departmentId });
    return importedById === null || isHidden ? null : { id: importedById };
  }
}
