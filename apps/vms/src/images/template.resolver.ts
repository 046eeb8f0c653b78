import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { CurrentActor, Graph, ListSize, validateInput, type GraphContext } from '@infinibay/platform-graphql';
import { newId, runOnce } from '@infinibay/platform-persistence';
import { Args, Mutation, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { PrismaClient, isUniqueViolation, type Transaction } from '../database.js';
import type { Template as TemplateRow } from '../generated/prisma/client.js';
import { CreateTemplate, CreateTemplateInput, bytesToGib, isUuid } from '../vms/vm.inputs.js';
import { Image, Template } from './image.model.js';
import { ImageRepository } from './image.repository.js';

@Resolver(() => Template)
export class TemplateResolver {
  constructor(
    private readonly database: PrismaClient,
    private readonly images: ImageRepository,
  ) {}

  @ListSize(200)
  @Query(() => [Template], { description: 'Templates that a VM can be made from' })
  async templates(@CurrentActor() _actor: Actor): Promise<Template[]> {
    return (await this.database.template.findMany({ orderBy: { name: 'asc' } })).map(toTemplate);
  }

  @Mutation(() => Template, {
    description: 'For administrators. Errors: FORBIDDEN, IMAGE_NOT_FOUND, NAME_TAKEN, INVALID_INPUT',
  })
  async createTemplate(@Args('input') rawInput: CreateTemplateInput, @CurrentActor() actor: Actor): Promise<Template> {
    if (!can(actor, 'administer', { kind: 'platform', departmentId: null })) throw new DomainError('FORBIDDEN');
    const { idempotencyKey: key, ...input } = validateInput(CreateTemplate, rawInput);
    const id = await this.database.$transaction((tx) =>
      runOnce(tx, { actorId: actor.userId, key, operation: 'createTemplate', input }, () => insert(tx, input)),
    );
    return toTemplate(await this.database.template.findUniqueOrThrow({ where: { id } }));
  }

  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Template | null> {
    const loader = context.graph.loader<Template>('template', async (ids) => {
      const rows = await this.database.template.findMany({ where: { id: { in: ids.filter(isUuid) } } });
      return new Map(rows.map((row) => [row.id, toTemplate(row)]));
    });
    return loader.load(reference.id);
  }

  @ResolveField(() => Image, { nullable: true })
  image(@Parent() template: Template, @Graph() graph: GraphContext): Promise<Image | null> {
    return this.images.loader(graph).load(template.imageId);
  }
}

const insert = async (
  tx: Transaction,
  { diskGib, ...input }: { name: string; imageId: string; vcpus: number; memoryMib: number; diskGib: number },
): Promise<string> => {
  const image = isUuid(input.imageId) ? await tx.image.findUnique({ where: { id: input.imageId } }) : null;
  if (image === null) throw new DomainError('IMAGE_NOT_FOUND');
  try {
    const row = await tx.template.create({ data: { id: newId(), ...input, diskBytes: BigInt(diskGib) } });
    return row.id;
  } catch (error) {
    if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name: input.name }, { cause: error });
    throw error;
  }
};

const toTemplate = (row: TemplateRow): Template => ({
  id: row.id,
  name: row.name,
  vcpus: row.vcpus,
  memoryMib: row.memoryMib,
  diskGib: bytesToGib(row.diskBytes),
  imageId: row.imageId,
});
