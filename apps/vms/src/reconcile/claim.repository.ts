import { DomainError } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { LeasedTable, type Lease } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Vm } from '../generated/prisma/client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';

/** A VM that this worker may act on, as long as the lease lasts. */
export interface Claim extends Lease {
  readonly vmId: string;
}

/** Leases of VMs whose work is due. */
@Injectable()
export class ClaimRepository extends LeasedTable<Claim> {
  constructor(
    private readonly database: PrismaClient,
    @Inject(RECONCILE_OPTIONS) { workerId: owner, leaseMs }: ReconcileOptions,
  ) {
    super(database, { table: 'vms', key: 'vmId', dueAt: 'reconcile_at', owner, leaseMs });
  }

  /** Has VMs of the host that wait after a failure tried again now. @returns how many there are */
  async endWaits(hostId: string): Promise<number> {
    const now = await databaseNow(this.database);
    const { count } = await this.database.vm.updateMany({
      where: { hostId, failedAttempts: { gt: 0 }, reconcileAt: { gt: now } },
      data: { reconcileAt: now },
    });
    return count;
  }

  /** The row, locked, if the claim still holds, and the time by the database's clock. @throws DomainError STALE_FENCE */
  async lock(tx: Transaction, { vmId, fence }: Claim): Promise<{ readonly vm: Vm; readonly now: Date }> {
    const [locked] = await tx.$queryRaw<{ now: Date }[]>`SELECT now() FROM vms WHERE id = ${vmId}::uuid FOR UPDATE`;
    const vm = await tx.vm.findUnique({ where: { id: vmId } });
    if (locked === undefined || vm?.fence !== fence) throw new DomainError('STALE_FENCE', { vmId });
    return { vm, now: locked.now };
  }
}
