import { DomainError, nameKey } from '@infinibay/contracts';
import { isUniqueViolation, newId } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Template } from '../generated/prisma/client.js';

export type NewTemplate = Pick<Template, 'name' | 'imageId' | 'vcpus' | 'memoryMib' | 'diskBytes'>;

@Injectable()
export class TemplateRepository {
  constructor(private readonly database: PrismaClient) {}

  list(): Promise<Template[]> {
    return this.database.template.findMany({ orderBy: { name: 'asc' } });
  }

  findMany(ids: readonly string[]): Promise<Template[]> {
    return this.database.template.findMany({ where: { id: { in: [...ids] } } });
  }

  find(tx: Transaction, id: string): Promise<Template | null> {
    return tx.template.findUnique({ where: { id } });
  }

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, template: NewTemplate): Promise<Template> {
    const { name } = template;
    try {
      return await tx.template.create({ data: { id: newId(), ...template, nameKey: nameKey(name) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  /** @returns what it was; null when there is none, or another call has deleted it first */
  async delete(tx: Transaction, id: string): Promise<Template | null> {
    const template = await tx.template.findUnique({ where: { id } });
    const { count } = await tx.template.deleteMany({ where: { id } });
    return count === 0 ? null : template;
  }
}
