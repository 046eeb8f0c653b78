import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, type VmState } from '@infinibay/contracts';
import type { Page } from '@infinibay/platform-graphql';
import { isUniqueViolation } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm } from '../generated/prisma/client.js';

export interface VmFilter {
  readonly departmentId: string | null;
  readonly state: VmState | null;
}

/** What of a VM may become something else. */
export type VmUpdate = Omit<Prisma.VmUncheckedUpdateInput, 'id' | 'fence'>;

/** To readers deleted VMs are gone. */
@Injectable()
export class VmRepository {
  constructor(private readonly database: PrismaClient) {}

  find(id: string, scope: DepartmentScope): Promise<Vm | null> {
    return this.database.vm.findFirst({ where: { id, ...living(scope) } });
  }

  findMany(ids: readonly string[], scope: DepartmentScope): Promise<Vm[]> {
    return this.database.vm.findMany({ where: { id: { in: [...ids] }, ...living(scope) } });
  }

  /** Newest first: ids are made in the order of time. */
  async list(scope: DepartmentScope, filter: VmFilter, page: Page): Promise<{ rows: Vm[]; totalCount: number }> {
    const where: Prisma.VmWhereInput = {
      AND: [
        living(scope),
        filter.departmentId === null ? {} : { departmentId: filter.departmentId },
        filter.state === null ? {} : { state: filter.state },
      ],
    };
    const after = page.after === undefined ? {} : { id: { lt: page.after } };
    const [rows, totalCount] = await Promise.all([
      this.database.vm.findMany({ where: { AND: [where, after] }, orderBy: { id: 'desc' }, take: page.first + 1 }),
      this.database.vm.count({ where }),
    ]);
    return { rows, totalCount };
  }

  /** The row, also of a VM that is gone. */
  findRow(id: string): Promise<Vm | null> {
    return this.database.vm.findUnique({ where: { id } });
  }

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, vm: Prisma.VmUncheckedCreateInput): Promise<Vm> {
    try {
      return await tx.vm.create({ data: vm });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name: vm.name }, { cause: error });
      throw error;
    }
  }

  async update(tx: Transaction, id: string, data: VmUpdate): Promise<void> {
    await tx.vm.update({ where: { id }, data });
  }

  /** The row, locked until the transaction ends. */
  async lock(tx: Transaction, id: string): Promise<Vm | null> {
    await tx.$queryRaw`SELECT id FROM vms WHERE id = ${id}::uuid FOR UPDATE`;
    return tx.vm.findUnique({ where: { id } });
  }
}

const living = (scope: DepartmentScope): Prisma.VmWhereInput => ({
  ...departmentWhere(scope),
  state: { not: 'DELETED' },
});
