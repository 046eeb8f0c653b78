import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import type { RuleDefinition } from '@infinibay/firewall-domain';
import type { Page } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database.js';
import type { Rule } from '../generated/prisma/client.js';

export interface NewRule extends RuleDefinition {
  readonly departmentId: string;
  readonly vmId: string | null;
  readonly description: string;
  readonly enabled: boolean;
}

@Injectable()
export class RuleRepository {
  constructor(private readonly database: Database) {}

  find(id: string, client: Transaction = this.database): Promise<Rule | null> {
    return client.rule.findUnique({ where: { id } });
  }

  findReadable(ids: readonly string[], scope: DepartmentScope): Promise<Rule[]> {
    return this.database.rule.findMany({ where: { id: { in: [...ids] }, ...departmentWhere(scope) } });
  }

  /** Rules for every VM of the departments, and those of the VMs. */
  listFor(departmentIds: readonly string[], vmIds: readonly string[]): Promise<Rule[]> {
    const departmentId = { in: [...departmentIds] };
    return this.database.rule.findMany({
      where: { departmentId, OR: [{ vmId: null }, { vmId: { in: [...vmIds] } }] },
      orderBy: { id: 'asc' },
    });
  }

  /** One row more than the page has, and the count of all. */
  async page(
    page: Page,
    scope: DepartmentScope,
    filter: { departmentId?: string; vmId?: string },
  ): Promise<{ rows: Rule[]; totalCount: number }> {
    const where = { AND: [departmentWhere(scope), filter] };
    const [rows, totalCount] = await Promise.all([
      this.database.rule.findMany({
        where: page.after === undefined ? where : { ...where, id: { gt: page.after } },
        orderBy: { id: 'asc' },
        take: page.first + 1,
      }),
      this.database.rule.count({ where }),
    ]);
    return { rows, totalCount };
  }

  /** How many rules there are of the department's own, or of one of its VMs. */
  count(tx: Transaction, departmentId: string, vmId: string | null): Promise<number> {
    return tx.rule.count({ where: { departmentId, vmId } });
  }

  create(tx: Transaction, rule: NewRule): Promise<Rule> {
    return tx.rule.create({ data: rule });
  }

  update(tx: Transaction, id: string, change: Partial<NewRule>): Promise<Rule> {
    return tx.rule.update({ where: { id }, data: change });
  }

  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.rule.delete({ where: { id } });
  }

  /** @param keptDepartmentId a department that keeps its rules for the VM */
  async deleteOfVm(tx: Transaction, vmId: string, keptDepartmentId?: string): Promise<Rule[]> {
    const where = { vmId, ...(keptDepartmentId === undefined ? {} : { departmentId: { not: keptDepartmentId } }) };
    const rules = await tx.rule.findMany({ where });
    await tx.rule.deleteMany({ where });
    return rules;
  }
}
