import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, Graph, ListSize, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Mutation, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Image, Template } from './image.model.js';
import { ImageRepository } from './image.repository.js';
import { CreateTemplateInput, DeleteTemplateInput } from './template.inputs.js';
import { TemplateRepository, toTemplate } from './template.repository.js';
import { TemplateService } from './template.service.js';

@Resolver(() => Template)
export class TemplateResolver {
  constructor(
    private readonly stored: TemplateRepository,
    private readonly images: ImageRepository,
    private readonly service: TemplateService,
  ) {}

  @ListSize(200)
  @Authorize()
  @Query(() => [Template], {
    description: 'Templates that a VM can be made from, without those of images that you may not see',
  })
  async templates(@CurrentActor() actor: Actor): Promise<Template[]> {
    return (await this.stored.list(actor)).map(toTemplate);
  }

  @Authorize()
  @Mutation(() => Template, {
    description:
      'For administrators. Errors: FORBIDDEN, IMAGE_NOT_FOUND, IMAGE_BUSY, NAME_TAKEN, INVALID_INPUT (also when it is below what its image needs)',
  })
  async createTemplate(@Args('input') input: CreateTemplateInput, @CurrentActor() actor: Actor): Promise<Template> {
    return toTemplate(await this.service.create(actor, input));
  }

  @Authorize()
  @Mutation(() => Template, {
    description:
      'Deletes a template and answers what it was; VMs that were made from it go on. For administrators. Errors: FORBIDDEN, TEMPLATE_NOT_FOUND, INVALID_INPUT',
  })
  async deleteTemplate(@Args('input') input: DeleteTemplateInput, @CurrentActor() actor: Actor): Promise<Template> {
    return toTemplate(await this.service.delete(actor, input));
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Template | null> {
    return this.stored.loader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => Image, { nullable: true })
  image(@Parent() template: Template, @Graph() graph: GraphContext): Promise<Image | null> {
    return this.images.loader(graph).load(template.imageId);
  }
}
