import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, DepartmentRef, Graph, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Mutation, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Image } from './image.model.js';
import { ImageRepository } from './image.repository.js';
import { CreateTemplateInput, DeleteTemplateInput, TemplatesArgs, UpdateTemplateInput } from './template.inputs.js';
import { Template } from './template.model.js';
import { TemplateRepository, toTemplate } from './template.repository.js';
import { TemplateService } from './template.service.js';

@Resolver(() => Template)
export class TemplateResolver {
  constructor(
    private readonly stored: TemplateRepository,
    private readonly images: ImageRepository,
    private readonly service: TemplateService,
  ) {}

  @Authorize()
  @Query(() => [Template], {
    description:
      'Templates that the caller may see, by name: those of their departments, and shared ones. Errors: INVALID_INPUT',
  })
  async templates(@Args() args: TemplatesArgs, @CurrentActor() actor: Actor): Promise<Template[]> {
    return (await this.service.list(actor, args)).map(toTemplate);
  }

  @Authorize()
  @Mutation(() => Template, {
    description:
      'Makes a template of a department, for its members, or one that is shared by all, for administrators. Its image is one for all, or of the same department. Errors: FORBIDDEN, DEPARTMENT_NOT_FOUND, IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, NAME_TAKEN, TOO_MANY_TEMPLATES, INVALID_INPUT (also when it is below what its image needs, or outside its own limits)',
  })
  async createTemplate(@Args('input') input: CreateTemplateInput, @CurrentActor() actor: Actor): Promise<Template> {
    return toTemplate(await this.service.create(actor, input));
  }

  @Authorize()
  @Mutation(() => Template, {
    description:
      'Makes the next version of a template; those before stay, and so do VMs that were made from it. What it says already makes no version. Shared ones are for administrators. Errors: FORBIDDEN, TEMPLATE_NOT_FOUND, TEMPLATE_CHANGED, IMAGE_NOT_FOUND, IMAGE_NOT_A_DISK, IMAGE_BUSY, TOO_MANY_TEMPLATE_VERSIONS, INVALID_INPUT (as createTemplate)',
  })
  async updateTemplate(@Args('input') input: UpdateTemplateInput, @CurrentActor() actor: Actor): Promise<Template> {
    return toTemplate(await this.service.update(actor, input));
  }

  @Authorize()
  @Mutation(() => Template, {
    description:
      'Deletes a template with its versions and answers what it was; VMs that were made from it go on. Shared ones are for administrators. Errors: FORBIDDEN, TEMPLATE_NOT_FOUND, INVALID_INPUT',
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
  @ResolveField(() => Image, { nullable: true, description: 'Of its newest version' })
  image(@Parent() template: Template, @Graph() graph: GraphContext): Promise<Image | null> {
    return this.images.loader(graph).load(template.imageId);
  }

  @Authorize()
  @ResolveField(() => DepartmentRef, {
    nullable: true,
    description: 'Whose it is: VMs of this department can be made from it; null: it is shared by all',
  })
  department(@Parent() { departmentId }: Template): DepartmentRef | null {
    return departmentId === null ? null : { id: departmentId };
  }
}
