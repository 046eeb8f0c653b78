import { DomainError, nameKey } from '@infinibay/contracts';
import type { DepartmentScope } from '@infinibay/access-domain';
import { Injectable } from '@nestjs/common';
import type { Page } from '@infinibay/platform-graphql';
import { isUniqueViolation } from '@infinibay/platform-persistence';
import type { Transaction } from '../database.js';

export interface DepartmentRow {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** A department as plain JSON: what a repeated call is answered from. */
export type StoredDepartment = Omit<DepartmentRow, 'createdAt'> & { readonly createdAt: string };

@Injectable()
export class DepartmentRepository {
  findMany(tx: Transaction, ids: readonly string[]): Promise<DepartmentRow[]> {
    return tx.department.findMany({ where: { id: { in: [...ids] } } });
  }

  async stored(tx: Transaction, id: string): Promise<StoredDepartment> {
    const { name, createdAt } = await tx.department.findUniqueOrThrow({ where: { id } });
    return { id, name, createdAt: createdAt.toISOString() };
  }

  /** One row more than the page has, if there is one, and the count of all that the scope shows. */
  async list(
    tx: Transaction,
    page: Page,
    scope: DepartmentScope,
  ): Promise<{ rows: DepartmentRow[]; totalCount: number }> {
    const where = scope.all ? [] : [{ id: { in: [...scope.departmentIds] } }];
    const after = page.after === undefined ? [] : [{ id: { gt: page.after } }];
    const rows = await tx.department.findMany({
      where: { AND: [...where, ...after] },
      orderBy: { id: 'asc' },
      take: page.first + 1,
    });
    return { rows, totalCount: await tx.department.count({ where: { AND: where } }) };
  }

  /** Departments of each of the users, by name. */
  async findOfUsers(
    tx: Transaction,
    userIds: readonly string[],
  ): Promise<{ userId: string; department: DepartmentRow }[]> {
    return tx.membership.findMany({
      where: { userId: { in: [...userIds] } },
      select: { userId: true, department: true },
      orderBy: { department: { name: 'asc' } },
    });
  }

  /** Which of the users are members and not disabled. */
  async activeMembers(tx: Transaction, departmentId: string, userIds: readonly string[]): Promise<string[]> {
    const rows = await tx.membership.findMany({
      where: { departmentId, userId: { in: [...userIds] }, user: { disabledAt: null } },
      select: { userId: true },
    });
    return rows.map(({ userId }) => userId);
  }

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, name: string): Promise<string> {
    try {
      return (await tx.department.create({ data: { name, nameKey: nameKey(name) }, select: { id: true } })).id;
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  /** @returns false when the user was a member already */
  async addMember(tx: Transaction, departmentId: string, userId: string): Promise<boolean> {
    const { count } = await tx.membership.createMany({ data: [{ departmentId, userId }], skipDuplicates: true });
    return count === 1;
  }

  countOfUser(tx: Transaction, userId: string): Promise<number> {
    return tx.membership.count({ where: { userId } });
  }

  /** @returns false when the user was no member */
  async removeMember(tx: Transaction, departmentId: string, userId: string): Promise<boolean> {
    const { count } = await tx.membership.deleteMany({ where: { departmentId, userId } });
    return count === 1;
  }
}
