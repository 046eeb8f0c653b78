import { readableDepartments, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, nameKey, type Actor } from '@infinibay/contracts';
import type { GraphContext } from '@infinibay/platform-graphql';
import { isUniqueViolation, newId } from '@infinibay/platform-persistence';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type DataLoader from 'dataloader';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Template as TemplateRow } from '../generated/prisma/client.js';
import { bytesToGib } from './sizes.js';
import { MAX_TEMPLATES } from './template.inputs.js';
import type { Template } from './template.model.js';

/** What a template itself says of its newest version: all that an older instance of the service reads. */
export type TemplateSummary = Pick<TemplateRow, 'imageId' | 'vcpus' | 'memoryMib' | 'diskBytes'>;
export type NewTemplate = TemplateSummary & Pick<TemplateRow, 'name' | 'departmentId'>;

@Injectable()
export class TemplateRepository {
  constructor(private readonly database: PrismaClient) {}

  /** By name. @param departmentId of this one and shared alone; null: of all that are in the scope */
  list(scope: DepartmentScope, departmentId: string | null, first: number): Promise<TemplateRow[]> {
    const where = departmentId === null ? visible(scope) : { AND: [visible(scope), ofDepartment(departmentId)] };
    return this.database.template.findMany({ where, orderBy: [{ name: 'asc' }, { id: 'asc' }], take: first });
  }

  loader(graph: GraphContext): DataLoader<string, Template | null> {
    return graph.loader<Template>('template', async (ids, actor) => {
      const where = { id: { in: onlyUuids(ids) }, ...visible(readableDepartments(actor)) };
      const rows = await this.database.template.findMany({ where });
      return new Map(rows.map((row) => [row.id, toTemplate(row)]));
    });
  }

  find(tx: Transaction, id: string): Promise<TemplateRow | null> {
    return tx.template.findUnique({ where: { id } });
  }

  /** null: it is gone, or not the actor's to see. */
  async findVisible(actor: Actor, id: string): Promise<Template | null> {
    const row = await this.database.template.findFirst({ where: { id, ...visible(readableDepartments(actor)) } });
    return row === null ? null : toTemplate(row);
  }

  /** The row, locked until the transaction ends. */
  async lock(tx: Transaction, id: string): Promise<TemplateRow | null> {
    await tx.$queryRaw`SELECT id FROM templates WHERE id = ${id}::uuid FOR UPDATE`;
    return this.find(tx, id);
  }

  /** @throws DomainError NAME_TAKEN, TOO_MANY_TEMPLATES */
  async create(tx: Transaction, template: NewTemplate): Promise<TemplateRow> {
    const { name, departmentId } = template;
    // One at a time, so that two that come at once are not both the last one.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('vms.templates'))`;
    if ((await tx.template.count({ where: { departmentId } })) >= MAX_TEMPLATES)
      throw new DomainError('TOO_MANY_TEMPLATES', { maximum: MAX_TEMPLATES });
    try {
      return await tx.template.create({ data: { id: newId(), ...template, nameKey: nameKey(name) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  /** Shows another version as its newest. */
  advance(tx: Transaction, id: string, version: number, summary: TemplateSummary): Promise<TemplateRow> {
    return tx.template.update({ where: { id }, data: { ...summary, version } });
  }

  /** Its versions go with it. */
  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.template.delete({ where: { id } });
  }

  /** All whose newest version has an image. */
  async deleteOf(tx: Transaction, imageId: string): Promise<void> {
    await tx.template.deleteMany({ where: { imageId } });
  }
}

const visible = (scope: DepartmentScope): Prisma.TemplateWhereInput =>
  scope.all ? {} : { OR: [{ departmentId: null }, { departmentId: { in: [...scope.departmentIds] } }] };

const ofDepartment = (departmentId: string): Prisma.TemplateWhereInput =>
  isUuid(departmentId) ? { OR: [{ departmentId: null }, { departmentId }] } : { departmentId: null };

/** A row, or what a mutation keeps of one as JSON: an older version kept neither department nor version. */
interface StoredTemplate extends Omit<TemplateSummary, 'diskBytes'> {
  readonly id: string;
  readonly name: string;
  readonly diskBytes: bigint | number | string;
  readonly departmentId?: string | null;
  readonly version?: number;
}

export const toTemplate = (stored: StoredTemplate): Template => ({
  id: stored.id,
  name: stored.name,
  newestVersion: stored.version ?? 1,
  vcpus: stored.vcpus,
  memoryMib: stored.memoryMib,
  diskGib: bytesToGib(BigInt(stored.diskBytes)),
  imageId: stored.imageId,
  departmentId: stored.departmentId ?? null,
});
