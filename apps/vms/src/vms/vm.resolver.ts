import { MAX_TAGS, type Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import {
  CurrentActor,
  DepartmentRef,
  Graph,
  ListSize,
  UserRef,
  type CountedLater,
  type GraphContext,
} from '@infinibay/platform-graphql';
import { Args, ID, Int, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import { ImageRepository } from '../catalog/image.repository.js';
import { Template } from '../catalog/template.model.js';
import { TemplateRepository } from '../catalog/template.repository.js';
import { Host } from '../hosts/host.model.js';
import { HostRepository } from '../hosts/host.repository.js';
import { toOperation } from '../operations/operation.mapper.js';
import { Operation } from '../operations/operation.model.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { LIST_DESCRIPTION, VmsArgs } from './vm-list.inputs.js';
import { VmMetadataRepository } from './vm-metadata.repository.js';
import { Vm, VmConnection } from './vm.model.js';
import { VmService } from './vm.service.js';

const MAX_OPERATIONS = 50;

@Resolver(() => Vm)
export class VmResolver {
  constructor(
    private readonly service: VmService,
    private readonly operationRows: OperationRepository,
    private readonly images: ImageRepository,
    private readonly hosts: HostRepository,
    private readonly templates: TemplateRepository,
    private readonly metadata: VmMetadataRepository,
  ) {}

  @Authorize()
  @Query(() => Vm, { description: 'One virtual machine. Errors: VM_NOT_FOUND' })
  vm(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.get(actor, id);
  }

  @Authorize()
  @Query(() => VmConnection, { description: `Virtual machines that the caller may see. ${LIST_DESCRIPTION}` })
  vms(@Args() args: VmsArgs, @CurrentActor() actor: Actor): Promise<CountedLater<Vm>> {
    return this.service.list(actor, args);
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Vm | null> {
    return this.service.loader(context.graph).load(reference.id);
  }

  @Authorize()
  @ResolveField(() => UserRef, {
    nullable: true,
    description: 'Who created it; null when the caller may not see that user',
  })
  owner(@Parent() vm: Vm): UserRef {
    return { id: vm.ownerId };
  }

  @Authorize()
  @ResolveField(() => DepartmentRef, { nullable: true, description: 'Department that it belongs to' })
  department(@Parent() vm: Vm): DepartmentRef {
    return { id: vm.departmentId };
  }

  @Authorize()
  @ResolveField(() => Image, {
    nullable: true,
    description: 'Image that its disk was cloned from; null when it is of a department that you may not see',
  })
  image(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<Image | null> {
    return this.images.loader(graph).load(vm.imageId);
  }

  @Authorize()
  @ResolveField(() => Image, {
    nullable: true,
    description:
      'The ISO that is in its CD-ROM drive, see setVmCdrom; a guest that runs may have it from its next start on: see pendingRestart. null: nothing is in it',
  })
  async cdromImage(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<Image | null> {
    return vm.cdromImageId === null ? null : this.images.loader(graph).load(vm.cdromImageId);
  }

  @Authorize()
  @ResolveField(() => Template, {
    nullable: true,
    description:
      'Template that it was made from, see templateVersion; null when it was made without one, or the template is deleted or one that the caller may not see',
  })
  async template(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<Template | null> {
    return vm.templateId === null ? null : this.templates.loader(graph).load(vm.templateId);
  }

  @Authorize()
  @ResolveField(() => String, {
    description: 'What people say of it, on one line of at most 1,000 characters; may be empty',
  })
  async description(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<string> {
    return (await this.metadata.of(graph, vm.id)).description;
  }

  @ListSize(MAX_TAGS)
  @Authorize()
  @ResolveField(() => [String], { description: 'In lower case, in order; see tagVm' })
  async tags(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<readonly string[]> {
    return (await this.metadata.of(graph, vm.id)).tags;
  }

  @Authorize()
  @ResolveField(() => Host, { nullable: true, description: 'Host that it runs on' })
  host(@Parent() vm: Vm, @Graph() graph: GraphContext): Promise<Host | null> {
    return this.hosts.loader(graph).load(vm.hostId);
  }

  @Authorize()
  @ResolveField(() => [Operation], { description: 'Its newest operations, newest first' })
  async operations(
    @Parent() vm: Vm,
    @Graph() graph: GraphContext,
    @Args('first', { type: () => Int, defaultValue: 10, description: `How many, 1 to ${MAX_OPERATIONS}` })
    first: number,
  ): Promise<Operation[]> {
    const count = Math.min(Math.max(first, 1), MAX_OPERATIONS);
    const loader = graph.loader(`operations-of-vm-${count}`, (ids) => this.operationRows.newestOf(ids, count));
    return ((await loader.load(vm.id)) ?? []).map(toOperation);
  }
}
