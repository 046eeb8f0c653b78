import { readableDepartments } from '@infinibay/access-domain';
import { DomainError, nameKey, type Actor } from '@infinibay/contracts';
import type { GraphContext } from '@infinibay/platform-graphql';
import { isUniqueViolation, newId } from '@infinibay/platform-persistence';
import { onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Template as TemplateRow } from '../generated/prisma/client.js';
import type { Template } from './image.model.js';
import { visibleImages } from './image.repository.js';
import { bytesToGib } from './sizes.js';

export type NewTemplate = Pick<TemplateRow, 'name' | 'imageId' | 'vcpus' | 'memoryMib' | 'diskBytes'>;

@Injectable()
export class TemplateRepository {
  constructor(private readonly database: PrismaClient) {}

  /** Those whose image the actor may see: one of a department's image is for that department. */
  list(actor: Actor): Promise<TemplateRow[]> {
    const where = { image: visibleImages(readableDepartments(actor)) };
    return this.database.template.findMany({ where, orderBy: { name: 'asc' } });
  }

  loader(graph: GraphContext): DataLoader<string, Template | null> {
    return graph.loader<Template>('template', async (ids, actor) => {
      const image = visibleImages(readableDepartments(actor));
      const rows = await this.database.template.findMany({ where: { id: { in: onlyUuids(ids) }, image } });
      return new Map(rows.map((row) => [row.id, toTemplate(row)]));
    });
  }

  find(tx: Transaction, id: string): Promise<TemplateRow | null> {
    return tx.template.findUnique({ where: { id } });
  }

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, template: NewTemplate): Promise<TemplateRow> {
    const { name } = template;
    try {
      return await tx.template.create({ data: { id: newId(), ...template, nameKey: nameKey(name) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  /** @returns what it was; null when there is none, or another call has deleted it first */
  async delete(tx: Transaction, id: string): Promise<TemplateRow | null> {
    const template = await tx.template.findUnique({ where: { id } });
    const { count } = await tx.template.deleteMany({ where: { id } });
    return count === 0 ? null : template;
  }
}

/** @param stored a row, or what a mutation keeps of one as JSON */
export const toTemplate = (
  stored: Omit<NewTemplate, 'diskBytes'> & { readonly id: string; readonly diskBytes: bigint | number | string },
): Template => ({
  id: stored.id,
  name: stored.name,
  imageId: stored.imageId,
  vcpus: stored.vcpus,
  memoryMib: stored.memoryMib,
  diskGib: bytesToGib(BigInt(stored.diskBytes)),
});
