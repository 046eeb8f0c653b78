import { DomainError } from '@infinibay/contracts';
import { onlyUuids } from '@infinibay/platform-subgraph';
import { MAX_GROUPS_OF_VM, MAX_MEMBERS_OF_GROUP, type VmGroup } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { PlacementGroup } from '../generated/prisma/client.js';

type Reader = Pick<Transaction, '$queryRaw' | 'placementGroup' | 'placementGroupMember'>;

/** A VM of a group, where it belongs now. */
export interface MemberPlace {
  readonly groupId: string;
  readonly vmId: string;
  readonly hostId: string;
  /** Where it is on its way to. */
  readonly targetHostId: string | null;
}

/**
 * Which VMs are in which groups, and where they are. The lock of a group's row orders what makes VMs be somewhere:
 * whoever chooses a host for a VM of a group, or puts one into it, keeps the row until the commit, and the next one sees
 * where it went. The row of a VM, and the lock under which hosts are chosen, are taken before.
 */
@Injectable()
export class GroupMemberRepository {
  constructor(private readonly database: PrismaClient) {}

  /**
   * The groups of a department that a new VM shall be in.
   * @throws DomainError PLACEMENT_GROUP_NOT_FOUND, PLACEMENT_GROUP_FULL
   */
  async named(tx: Reader, departmentId: string, ids: readonly string[]): Promise<VmGroup[]> {
    if (ids.length === 0) return [];
    const where = { id: { in: onlyUuids(ids) }, departmentId };
    const rows = await tx.placementGroup.findMany({ where, orderBy: { id: 'asc' } });
    if (rows.length < ids.length) throw new DomainError('PLACEMENT_GROUP_NOT_FOUND');
    const groups = await this.withMembers(tx, rows);
    for (const group of groups) requireRoom(group);
    return groups;
  }

  /** The same, locked until the transaction ends. @throws DomainError as named() */
  async lockNamed(tx: Transaction, departmentId: string, ids: readonly string[]): Promise<VmGroup[]> {
    const where = { id: { in: onlyUuids(ids) }, departmentId };
    // Groups of other departments are none of it, and keep nobody there waiting. Which department a group is of stays.
    const own = await tx.placementGroup.findMany({ where, select: { id: true } });
    await this.lock(
      tx,
      own.map(({ id }) => id),
    );
    return this.named(tx, departmentId, ids);
  }

  /** The groups of a VM, locked until the transaction ends. @param vmId locked: it gets into no more meanwhile */
  async lockOfVm(tx: Transaction, vmId: string): Promise<VmGroup[]> {
    const members = await tx.placementGroupMember.findMany({ where: { vmId }, select: { groupId: true } });
    const ids = members.map(({ groupId }) => groupId);
    await this.lock(tx, ids);
    // One that was deleted meanwhile is not there any more.
    const rows = await tx.placementGroup.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } });
    return this.withMembers(tx, rows);
  }

  /** By VM; none for one that is in none. */
  async ofVms(tx: Reader, vmIds: readonly string[]): Promise<ReadonlyMap<string, VmGroup[]>> {
    const where = { vmId: { in: [...vmIds] } };
    const members = await tx.placementGroupMember.findMany({ where, orderBy: { groupId: 'asc' } });
    const ids = [...new Set(members.map(({ groupId }) => groupId))];
    const rows = await tx.placementGroup.findMany({ where: { id: { in: ids } } });
    const groups = new Map((await this.withMembers(tx, rows)).map((group) => [group.id, group]));
    const byVm = Map.groupBy(members, ({ vmId }) => vmId);
    return new Map([...byVm].map(([vmId, of]) => [vmId, of.flatMap(({ groupId }) => groups.get(groupId) ?? [])]));
  }

  /** By group, in the order of the ids of VMs; none for one without VMs. */
  async places(groupIds: readonly string[], from: Reader = this.database): Promise<ReadonlyMap<string, MemberPlace[]>> {
    const rows = await from.$queryRaw<MemberPlace[]>`
      SELECT p.group_id::text AS "groupId", v.id::text AS "vmId", v.host_id::text AS "hostId",
        m.target_host_id::text AS "targetHostId"
      FROM placement_group_members AS p JOIN vms AS v ON v.id = p.vm_id
      LEFT JOIN vm_migrations AS m ON m.vm_id = v.id AND m.phase IN ('PREPARING', 'MOVING')
      WHERE p.group_id = ANY(${[...groupIds]}::uuid[]) AND v.state <> 'DELETED' ORDER BY v.id`;
    return Map.groupBy(rows, ({ groupId }) => groupId);
  }

  /**
   * Of a VM that is in it already nothing is asked.
   * @param vmId locked @param groupId locked
   * @throws DomainError PLACEMENT_GROUP_FULL, TOO_MANY_PLACEMENT_GROUPS
   */
  async join(tx: Transaction, vmId: string, groupId: string): Promise<void> {
    const ofVm = await tx.placementGroupMember.findMany({ where: { vmId }, select: { groupId: true } });
    if (ofVm.some((member) => member.groupId === groupId)) return;
    if (ofVm.length >= MAX_GROUPS_OF_VM)
      throw new DomainError('TOO_MANY_PLACEMENT_GROUPS', { of: 'vm', maximum: MAX_GROUPS_OF_VM });
    const members = await tx.placementGroupMember.findMany({ where: { groupId }, select: { vmId: true } });
    requireRoom({ id: groupId, members });
    await this.add(tx, vmId, [groupId]);
  }

  /** @param groupIds locked */
  async add(tx: Transaction, vmId: string, groupIds: readonly string[]): Promise<void> {
    if (groupIds.length === 0) return;
    await tx.placementGroupMember.createMany({ data: groupIds.map((groupId) => ({ vmId, groupId })) });
  }

  /** One that is not in it is no error. */
  async leave(tx: Transaction, vmId: string, groupId: string): Promise<void> {
    await tx.placementGroupMember.deleteMany({ where: { vmId, groupId } });
  }

  /** In the order of their ids, so that no two wait for each other. */
  private async lock(tx: Transaction, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.$queryRaw`SELECT id FROM placement_groups WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`;
  }

  private async withMembers(tx: Reader, rows: readonly PlacementGroup[]): Promise<VmGroup[]> {
    if (rows.length === 0) return [];
    const groupIds = rows.map(({ id }) => id);
    const places = await this.places(groupIds, tx);
    return rows.map(({ id, policy, strictness }) => {
      const members = (places.get(id) ?? []).map(({ vmId, hostId, targetHostId }) => ({
        vmId,
        hostIds: targetHostId === null || targetHostId === hostId ? [hostId] : [hostId, targetHostId],
      }));
      return { id, policy, strictness, members };
    });
  }
}

/** @throws DomainError PLACEMENT_GROUP_FULL */
const requireRoom = ({ id, members }: { readonly id: string; readonly members: readonly unknown[] }): void => {
  if (members.length >= MAX_MEMBERS_OF_GROUP)
    throw new DomainError('PLACEMENT_GROUP_FULL', { placementGroupId: id, maximum: MAX_MEMBERS_OF_GROUP });
};
