import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, nameKey } from '@infinibay/contracts';
import type { Page } from '@infinibay/platform-graphql';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Volume } from '../generated/prisma/client.js';
import { refusingTwins } from '../vms/taken-names.js';

export interface VolumeFilter {
  readonly departmentId: string | null;
  readonly vmId: string | null;
  readonly isAttached: boolean | null;
}

/** No more can have a name at a VM. */
const MAX_OF_VM = 25;

@Injectable()
export class VolumeRepository {
  constructor(private readonly database: PrismaClient) {}

  /** @throws DomainError NAME_TAKEN */
  async create(tx: Transaction, volume: Prisma.VolumeUncheckedCreateInput): Promise<Volume> {
    const { name } = volume;
    return refusingTwins(name, () => tx.volume.create({ data: { ...volume, activeNameKey: nameKey(name) } }));
  }

  /** The row, locked until the transaction ends. Whoever locks a VM too does so before. */
  async lock(tx: Transaction, id: string): Promise<Volume | null> {
    await tx.$queryRaw`SELECT id FROM volumes WHERE id = ${id}::uuid FOR UPDATE`;
    return tx.volume.findUnique({ where: { id } });
  }

  /** Nobody may write to, move or remove what is being copied. @throws DomainError VOLUME_BUSY */
  async requireNotCloned(tx: Transaction, id: string): Promise<void> {
    const clone = await tx.volume.findFirst({ where: { cloneSourceId: id, state: 'CREATING' }, select: { id: true } });
    if (clone !== null) throw new DomainError('VOLUME_BUSY', { volumeId: id, reason: 'it is being cloned' });
  }

  async update(tx: Transaction, id: string, data: Prisma.VolumeUncheckedUpdateInput): Promise<void> {
    await tx.volume.update({ where: { id }, data });
  }

  findRow(id: string): Promise<Volume | null> {
    return this.database.volume.findUnique({ where: { id } });
  }

  /** null when it is deleted, or not the scope's to see. */
  find(id: string, scope: DepartmentScope): Promise<Volume | null> {
    return this.database.volume.findFirst({ where: { id, state: { not: 'DELETED' }, ...departmentWhere(scope) } });
  }

  findMany(ids: readonly string[], scope: DepartmentScope): Promise<Volume[]> {
    const where = { id: { in: [...ids] }, state: { not: 'DELETED' as const }, ...departmentWhere(scope) };
    return this.database.volume.findMany({ where });
  }

  /** Newest first. One more than the page has, when there is more. */
  page(scope: DepartmentScope, filter: VolumeFilter, page: Page): Promise<Volume[]> {
    const after = page.after === undefined ? {} : { id: { lt: page.after } };
    return this.database.volume.findMany({
      where: { AND: [departmentWhere(scope), whereOf(filter), after] },
      orderBy: { id: 'desc' },
      take: page.first + 1,
    });
  }

  count(scope: DepartmentScope, filter: VolumeFilter): Promise<number> {
    return this.database.volume.count({ where: { AND: [departmentWhere(scope), whereOf(filter)] } });
  }

  /** What is attached to a VM, or shall be, or shall no more be; in the order of its names there. */
  ofVm(vmId: string, tx: Pick<Transaction, 'volume'> = this.database): Promise<Volume[]> {
    return tx.volume.findMany({ where: { attachedVmId: vmId }, orderBy: { target: 'asc' }, take: MAX_OF_VM });
  }

  async ofVms(vmIds: readonly string[], scope: DepartmentScope): Promise<Map<string, Volume[]>> {
    const rows = await this.database.volume.findMany({
      where: { attachedVmId: { in: [...vmIds] }, ...departmentWhere(scope) },
      orderBy: { target: 'asc' },
    });
    return Map.groupBy(rows, ({ attachedVmId }) => attachedVmId ?? '');
  }

  /** The VM has them. One that shall go again since is left so. */
  async markAttached(tx: Transaction, vmId: string, ids: readonly string[]): Promise<void> {
    await tx.volume.updateMany({
      where: { id: { in: [...ids] }, attachedVmId: vmId, attachment: 'ATTACHING' },
      data: { attachment: 'ATTACHED', errorCode: null, errorMessage: null },
    });
  }

  /** The VM has them no more. */
  async markDetached(tx: Transaction, vmId: string, ids: readonly string[]): Promise<void> {
    await tx.volume.updateMany({
      where: { id: { in: [...ids] }, attachedVmId: vmId, attachment: 'DETACHING' },
      data: { attachedVmId: null, target: null, attachment: null },
    });
  }

  /**
   * What is attached to a VM goes with it to another department. One whose name was given away keeps it, beside the other.
   * @param volumes locked
   * @throws DomainError NAME_TAKEN
   */
  async moveAll(
    tx: Transaction,
    volumes: readonly Volume[],
    place: { readonly departmentId: string; readonly ownerId: string },
  ): Promise<void> {
    for (const { id, name } of volumes)
      await refusingTwins(name, () => tx.volume.update({ where: { id }, data: place }));
  }

  /** @throws DomainError NAME_TAKEN of one whose name is that of another volume of the department */
  async requireFreeNames(tx: Transaction, departmentId: string, volumes: readonly Volume[]): Promise<void> {
    const keys = volumes.flatMap(({ activeNameKey }) => (activeNameKey === null ? [] : [activeNameKey]));
    const where = { departmentId, activeNameKey: { in: keys } };
    const twin = await tx.volume.findFirst({ where, select: { name: true } });
    if (twin !== null) throw new DomainError('NAME_TAKEN', { name: twin.name, resourceKind: 'volume' });
  }

  /** It is on another host from now on, with the VM that it is attached to; nothing, of one that is there already. */
  async arrive(
    tx: Transaction,
    { vmId, volumeId, fromHostId }: { readonly vmId: string; readonly volumeId: string; readonly fromHostId: string },
    place: { readonly hostId: string; readonly poolId: string },
  ): Promise<void> {
    await tx.volume.updateMany({ where: { id: volumeId, attachedVmId: vmId, hostId: fromHostId }, data: place });
  }

  /** They can't be attached; what of it may have come about is undone. */
  async markRefused(tx: Transaction, vmId: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const where = { id: { in: [...ids] }, attachedVmId: vmId, attachment: 'ATTACHING' as const };
    await tx.volume.updateMany({ where, data: { attachment: 'DETACHING' } });
  }

  /** What was asked for failed: one that could not be attached shall not be, one that could not be detached stays. */
  async takeBack(tx: Transaction, vmId: string, volumeId: string): Promise<void> {
    const volume = await tx.volume.findFirst({ where: { id: volumeId, attachedVmId: vmId } });
    if (volume === null || volume.attachment === 'ATTACHED') return;
    const attachment = volume.attachment === 'ATTACHING' ? 'DETACHING' : 'ATTACHED';
    await tx.volume.update({ where: { id: volumeId }, data: { attachment } });
  }

  /**
   * They go when the VM does. It frees what is attached to it when its row is DELETED, by a trigger of the table (migration
   * `volumes`): an older instance of this service, which knows no volumes, may be the one that deletes it.
   */
  async condemnAll(tx: Transaction, vmId: string): Promise<void> {
    await tx.volume.updateMany({
      where: { attachedVmId: vmId },
      data: { isUnwanted: true, state: 'DELETING', activeNameKey: null },
    });
  }

  /** They stay after all, and what was under way for them goes on. One whose name was given away meanwhile keeps it, beside the other. */
  async spareAll(tx: Transaction, vmId: string): Promise<void> {
    const reconcileAt = await databaseNow(tx);
    const condemned = await tx.volume.findMany({ where: { attachedVmId: vmId, isUnwanted: true } });
    for (const { id, name, departmentId, capacityBytes, builtBytes, targetPoolId } of condemned) {
      const key = nameKey(name);
      const isTaken = (await tx.volume.count({ where: { departmentId, activeNameKey: key } })) > 0;
      const underWay = targetPoolId === null ? 'AVAILABLE' : 'MOVING';
      const state = builtBytes < capacityBytes ? 'RESIZING' : underWay;
      const spared = { isUnwanted: false, state, reconcileAt } as const;
      await tx.volume.update({ where: { id }, data: { ...spared, activeNameKey: isTaken ? null : key } });
    }
  }

  /** What files take up. */
  async recordAllocations(
    hostId: string,
    volumes: readonly { readonly volumeId: string; readonly allocationBytes: number }[],
  ): Promise<void> {
    if (volumes.length === 0) return;
    await this.database.$executeRaw`
      UPDATE volumes AS v SET allocation_bytes = o.bytes
      FROM unnest(${volumes.map(({ volumeId }) => volumeId)}::uuid[], ${volumes.map(({ allocationBytes }) => BigInt(allocationBytes))}::bigint[]) AS o(id, bytes)
      WHERE v.id = o.id AND v.host_id = ${hostId}::uuid AND v.allocation_bytes <> o.bytes`;
  }
}

const whereOf = ({ departmentId, vmId, isAttached }: VolumeFilter): Prisma.VolumeWhereInput => ({
  state: { not: 'DELETED' },
  ...(departmentId === null ? {} : { departmentId }),
  AND: [
    vmId === null ? {} : { attachedVmId: vmId },
    isAttached === null ? {} : { attachedVmId: isAttached ? { not: null } : null },
  ],
});
