import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, nameKey } from '@infinibay/contracts';
import type { Page } from '@infinibay/platform-graphql';
import { newId } from '@infinibay/platform-persistence';
import { MAX_GROUPS_OF_DEPARTMENT } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { PlacementGroup, Prisma } from '../generated/prisma/client.js';
import { refusingTwins } from '../vms/taken-names.js';

export type NewPlacementGroup = Pick<PlacementGroup, 'departmentId' | 'name' | 'policy' | 'strictness'>;

@Injectable()
export class PlacementGroupRepository {
  constructor(private readonly database: PrismaClient) {}

  /** null when there is none, or it is not the scope's to see. */
  find(id: string, scope: DepartmentScope): Promise<PlacementGroup | null> {
    return this.database.placementGroup.findFirst({ where: { id, ...departmentWhere(scope) } });
  }

  /** Newest first. One more than the page has, when there is more. @param departmentId of this one alone */
  page(scope: DepartmentScope, departmentId: string | null, page: Page): Promise<PlacementGroup[]> {
    const after = page.after === undefined ? {} : { id: { lt: page.after } };
    return this.database.placementGroup.findMany({
      where: { AND: [whereOf(scope, departmentId), after] },
      orderBy: { id: 'desc' },
      take: page.first + 1,
    });
  }

  count(scope: DepartmentScope, departmentId: string | null): Promise<number> {
    return this.database.placementGroup.count({ where: whereOf(scope, departmentId) });
  }

  /** By VM, oldest first. */
  async ofVms(vmIds: readonly string[], scope: DepartmentScope): Promise<ReadonlyMap<string, PlacementGroup[]>> {
    const rows = await this.database.placementGroupMember.findMany({
      where: { vmId: { in: [...vmIds] }, group: departmentWhere(scope) },
      include: { group: true },
      orderBy: { groupId: 'asc' },
    });
    const byVm = Map.groupBy(rows, ({ vmId }) => vmId);
    return new Map([...byVm].map(([vmId, members]) => [vmId, members.map(({ group }) => group)]));
  }

  /** The row, locked until the transaction ends. Whoever locks a VM too does so before. */
  async lock(tx: Transaction, id: string): Promise<PlacementGroup | null> {
    await tx.$queryRaw`SELECT id FROM placement_groups WHERE id = ${id}::uuid FOR UPDATE`;
    return tx.placementGroup.findUnique({ where: { id } });
  }

  /** @throws DomainError NAME_TAKEN, TOO_MANY_PLACEMENT_GROUPS */
  async create(tx: Transaction, group: NewPlacementGroup): Promise<PlacementGroup> {
    const { name, departmentId } = group;
    // One at a time, so that two that come at once are not both the last one.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('vms.placement-groups'))`;
    if ((await tx.placementGroup.count({ where: { departmentId } })) >= MAX_GROUPS_OF_DEPARTMENT)
      throw new DomainError('TOO_MANY_PLACEMENT_GROUPS', { of: 'department', maximum: MAX_GROUPS_OF_DEPARTMENT });
    const data = { id: newId(), ...group, nameKey: nameKey(name) };
    return refusingTwins(name, () => tx.placementGroup.create({ data }));
  }

  /** @param id locked @throws DomainError NAME_TAKEN */
  rename(tx: Transaction, id: string, name: string): Promise<PlacementGroup> {
    const data = { name, nameKey: nameKey(name) };
    return refusingTwins(name, () => tx.placementGroup.update({ where: { id }, data }));
  }

  /** Its members are VMs without it from then on. @param id locked */
  async delete(tx: Transaction, id: string): Promise<void> {
    await tx.placementGroup.delete({ where: { id } });
  }
}

const whereOf = (scope: DepartmentScope, departmentId: string | null): Prisma.PlacementGroupWhereInput => ({
  AND: [departmentWhere(scope), departmentId === null ? {} : { departmentId }],
});
