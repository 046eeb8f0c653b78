import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError, nameKey } from '@infinibay/contracts';
import { isUniqueViolation } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, VmSnapshot } from '../generated/prisma/client.js';

type Reader = Pick<Transaction, 'vmSnapshot'>;

@Injectable()
export class SnapshotRepository {
  constructor(private readonly database: PrismaClient) {}

  /** @throws DomainError NAME_TAKEN */
  async create(
    tx: Transaction,
    snapshot: Omit<Prisma.VmSnapshotUncheckedCreateInput, 'nameKey' | 'createdAt'>,
  ): Promise<void> {
    const { name } = snapshot;
    try {
      await tx.vmSnapshot.create({ data: { ...snapshot, nameKey: nameKey(name) } });
    } catch (error) {
      if (isUniqueViolation(error)) throw new DomainError('NAME_TAKEN', { name }, { cause: error });
      throw error;
    }
  }

  /** Of a VM that is locked: no more can be written of it meanwhile. */
  find(tx: Reader, vmId: string, id: string): Promise<VmSnapshot | null> {
    return tx.vmSnapshot.findFirst({ where: { id, vmId } });
  }

  count(tx: Reader, vmId: string): Promise<number> {
    return tx.vmSnapshot.count({ where: { vmId } });
  }

  /** Oldest first. */
  ofVm(vmId: string, tx: Reader = this.database): Promise<VmSnapshot[]> {
    return tx.vmSnapshot.findMany({ where: { vmId }, orderBy: { id: 'asc' } });
  }

  /** Memory has the devices of then, and no others. @throws DomainError SNAPSHOT_HOLDS_MEMORY */
  async requireNoMemory(tx: Reader, vmId: string): Promise<void> {
    const snapshotIds = (await this.ofVm(vmId, tx)).filter(({ hasMemory }) => hasMemory).map(({ id }) => id);
    if (snapshotIds.length > 0) throw new DomainError('SNAPSHOT_HOLDS_MEMORY', { snapshotIds });
  }

  async ofVms(vmIds: readonly string[], scope: DepartmentScope): Promise<Map<string, VmSnapshot[]>> {
    const rows = await this.database.vmSnapshot.findMany({
      where: { vmId: { in: [...vmIds] }, ...departmentWhere(scope) },
      orderBy: { id: 'asc' },
    });
    return Map.groupBy(rows, ({ vmId }) => vmId);
  }

  /** They go with their VM, which is locked, to another department. */
  async moveAll(tx: Transaction, vmId: string, departmentId: string): Promise<void> {
    await tx.vmSnapshot.updateMany({ where: { vmId }, data: { departmentId } });
  }

  /** What they stand on now. */
  async currentOf(vmIds: readonly string[]): Promise<Map<string, string | null>> {
    const rows = await this.database.vm.findMany({
      where: { id: { in: [...vmIds] } },
      select: { id: true, currentSnapshotId: true },
    });
    return new Map(rows.map(({ id, currentSnapshotId }) => [id, currentSnapshotId]));
  }

  /** Whoever locks a volume has locked its VM before, if any: no snapshot of it comes about meanwhile. */
  async holdsVolume(tx: Reader, volumeId: string): Promise<boolean> {
    // What one that shall be gone holds is nothing to go back to.
    const where = { volumeIds: { has: volumeId }, state: { not: 'DELETING' as const } };
    return (await tx.vmSnapshot.findFirst({ where, select: { id: true } })) !== null;
  }

  async update(tx: Transaction, id: string, data: Prisma.VmSnapshotUncheckedUpdateInput): Promise<void> {
    await tx.vmSnapshot.update({ where: { id }, data });
  }

  /** It is what the VM was last. @param more is written of the VM with it */
  async standOn(
    tx: Transaction,
    vmId: string,
    currentSnapshotId: string,
    more: Prisma.VmUncheckedUpdateInput = {},
  ): Promise<void> {
    await tx.vm.update({ where: { id: vmId }, data: { ...more, currentSnapshotId } });
  }

  /** Those that were taken on top of it are on top of what it was on, and so is its VM. */
  async remove(tx: Transaction, { id, vmId, parentId }: VmSnapshot): Promise<void> {
    await tx.vmSnapshot.updateMany({ where: { vmId, parentId: id }, data: { parentId } });
    await tx.vm.updateMany({ where: { id: vmId, currentSnapshotId: id }, data: { currentSnapshotId: parentId } });
    await tx.vmSnapshot.delete({ where: { id } });
  }
}
