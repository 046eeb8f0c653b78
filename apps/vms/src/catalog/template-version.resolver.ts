import { can } from '@infinibay/access-domain';
import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Cost, CurrentActor, Graph, PageArgs, UserRef, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Image } from './image.model.js';
import { ImageRepository } from './image.repository.js';
import { TemplateVersionService } from './template-version.service.js';
import { Template, TemplateCloudInit, TemplateVersion, TemplateVersionConnection } from './template.model.js';

@Resolver(() => Template)
export class TemplateVersionsResolver {
  constructor(private readonly service: TemplateVersionService) {}

  @Authorize()
  @ResolveField(() => TemplateVersion, {
    nullable: true,
    description: 'One of its versions; null when it has none of that number',
  })
  version(
    @Parent() template: Template,
    @Graph() graph: GraphContext,
    @Args('number', { type: () => Int, nullable: true, description: 'The newest when left out' })
    number: number | null | undefined,
  ): Promise<TemplateVersion | null> {
    return this.service.version(graph, template, number ?? null);
  }

  @Authorize()
  @ResolveField(() => TemplateVersionConnection, {
    description: 'All its versions, newest first. Errors: INVALID_INPUT',
  })
  versions(@Parent() template: Template, @Args() args: PageArgs): Promise<TemplateVersionConnection> {
    return this.service.page(template, args);
  }
}

@Resolver(() => TemplateVersion)
export class TemplateVersionResolver {
  constructor(
    private readonly images: ImageRepository,
    private readonly service: TemplateVersionService,
  ) {}

  @Authorize()
  @ResolveField(() => Image, { nullable: true, description: 'null when the image is gone: no VM is made of it then' })
  image(@Parent() { imageId }: TemplateVersion, @Graph() graph: GraphContext): Promise<Image | null> {
    return this.images.loader(graph).load(imageId);
  }

  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who made it; null of one from before versions, and when the caller may not see that user',
  })
  author(@Parent() { authorId }: TemplateVersion): UserRef | null {
    return authorId === null ? null : { id: authorId };
  }

  // Up to hundreds of KiB are read for each, whatever is asked of it.
  @Cost(20)
  @Authorize()
  @ResolveField(() => TemplateCloudInit, { nullable: true, description: 'null: nothing' })
  cloudInit(@Parent() version: TemplateVersion, @Graph() graph: GraphContext): Promise<TemplateCloudInit | null> {
    return this.service.cloudInit(graph, version);
  }
}

@Resolver(() => TemplateCloudInit)
export class TemplateUserDataResolver {
  // As of a VM: up to 64 KiB, and aliases multiply it.
  @Cost(200)
  @Authorize()
  @ResolveField(() => String, {
    nullable: true,
    description: 'It may hold secrets: null to whoever may not change the template, though their VMs find it',
  })
  userData(@Parent() { departmentId, text }: TemplateCloudInit, @CurrentActor() actor: Actor): string | null {
    return can(actor, 'update', { kind: 'template', departmentId }) ? text : null;
  }
}
