import { TargetWithVolumes } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, VmMigration as MigrationRow } from '../generated/prisma/client.js';

/** One that was written before volumes went along has none. */
const Target = TargetWithVolumes.extend({ volumes: TargetWithVolumes.shape.volumes.default([]) });

/** A VM on its way to another host. */
export interface VmMigration extends Omit<MigrationRow, 'target'> {
  /** What the host told that it goes to; null: it has not made itself ready. */
  readonly target: TargetWithVolumes | null;
  /** Somebody waits for it, and nobody has cancelled it. One that is not wanted never is again. */
  readonly isWanted: boolean;
  /** The host that it goes to takes no VMs since it was chosen. */
  readonly isTargetInMaintenance: boolean;
}

type Reader = Pick<Transaction, 'vmMigration' | 'operation' | 'host'>;

export type NewMigration = Pick<
  Prisma.VmMigrationUncheckedCreateInput,
  'vmId' | 'operationId' | 'sourceHostId' | 'targetHostId'
>;

/** Journals of VMs that change hosts, one for each VM. Written under the lock of the VM. */
@Injectable()
export class MigrationRepository {
  constructor(private readonly database: PrismaClient) {}

  /** null: it is not on its way, and nothing of it is left where it was. */
  async ofVm(vmId: string, tx: Reader = this.database): Promise<VmMigration | null> {
    const row = await tx.vmMigration.findUnique({ where: { vmId } });
    if (row === null) return null;
    // After it: both were accepted in one commit, and who waits no more never waits again.
    const asked = await tx.operation.findUnique({
      where: { id: row.operationId },
      select: { status: true, cancelRequestedAt: true },
    });
    const isOpen = asked?.status === 'PENDING' || asked?.status === 'RUNNING';
    const where = { id: row.targetHostId, maintenanceSince: { not: null } };
    const isTargetInMaintenance = (await tx.host.count({ where })) > 0;
    const isWanted = isOpen && asked.cancelRequestedAt === null;
    return { ...row, target: Target.nullable().parse(row.target), isWanted, isTargetInMaintenance };
  }

  /** VMs that are leaving a host, and are waited for: what could not be settled keeps no others there. */
  async countFrom(sourceHostId: string, tx: Pick<Transaction, '$queryRaw'> = this.database): Promise<number> {
    const [row] = await tx.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int AS count FROM vm_migrations AS m JOIN operations AS o ON o.id = m.operation_id
      WHERE m.source_host_id = ${sourceHostId}::uuid AND m.phase IN ('PREPARING', 'MOVING')
        AND o.status IN ('PENDING', 'RUNNING')`;
    return row?.count ?? 0;
  }

  /** VMs that may arrive yet. @param targetHostId of a locked host: none of them arrives meanwhile */
  async comingTo(
    tx: Transaction,
    targetHostId: string,
  ): Promise<{ readonly vmId: string; readonly departmentId: string }[]> {
    const rows = await tx.vmMigration.findMany({
      where: { targetHostId, phase: { in: ['PREPARING', 'MOVING'] } },
      select: { vmId: true, vm: { select: { departmentId: true } } },
      orderBy: { vmId: 'asc' },
    });
    return rows.map(({ vmId, vm }) => ({ vmId, departmentId: vm.departmentId }));
  }

  /** Where VMs of a host are on their way to, by VM. */
  async targetsFrom(tx: Transaction, sourceHostId: string): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.vmMigration.findMany({ where: { sourceHostId }, select: { vmId: true, targetHostId: true } });
    return new Map(rows.map(({ vmId, targetHostId }) => [vmId, targetHostId]));
  }

  async add(tx: Transaction, migration: NewMigration): Promise<void> {
    await tx.vmMigration.create({ data: { ...migration, createdAt: await databaseNow(tx) } });
  }

  /** Nothing comes to a host that takes nothing any more, unless it has left already. @param targetHostId of a locked host */
  async cancelThoseTo(tx: Transaction, targetHostId: string): Promise<void> {
    const where = { targetHostId, phase: { in: ['PREPARING', 'MOVING'] } } satisfies Prisma.VmMigrationWhereInput;
    const underWay = await tx.vmMigration.findMany({ where, select: { operationId: true } });
    await tx.operation.updateMany({
      where: { id: { in: underWay.map(({ operationId }) => operationId) }, status: { in: ['PENDING', 'RUNNING'] } },
      data: { cancelRequestedAt: await databaseNow(tx) },
    });
  }

  async update(
    tx: Transaction,
    vmId: string,
    data: Pick<Prisma.VmMigrationUncheckedUpdateInput, 'phase' | 'sourceStorageId' | 'target' | 'movedAt'>,
  ): Promise<void> {
    await tx.vmMigration.update({ where: { vmId }, data });
  }

  async remove(tx: Transaction, vmId: string): Promise<void> {
    await tx.vmMigration.deleteMany({ where: { vmId } });
  }

  /** What was found when its former host was chosen says nothing of where it is now. */
  async forgetPlacement(tx: Transaction, vmId: string): Promise<void> {
    await tx.vmPlacement.deleteMany({ where: { vmId } });
  }
}
