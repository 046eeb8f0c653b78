import { DomainError } from '@infinibay/contracts';
import { LeasedTable, type Lease } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Volume } from '../generated/prisma/client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';

/** A volume that this worker may act on, as long as the lease lasts. */
export interface VolumeClaim extends Lease {
  readonly volumeId: string;
}

/** Leases of volumes whose work is due. */
@Injectable()
export class VolumeClaimRepository extends LeasedTable<VolumeClaim> {
  constructor(database: PrismaClient, @Inject(RECONCILE_OPTIONS) { workerId: owner, leaseMs }: ReconcileOptions) {
    super(database, { table: 'volumes', key: 'volumeId', dueAt: 'reconcile_at', owner, leaseMs });
  }

  /** The row, locked, if the claim still holds, and the time by the database's clock. @throws DomainError STALE_FENCE */
  async lock(
    tx: Transaction,
    { volumeId, fence }: VolumeClaim,
  ): Promise<{ readonly volume: Volume; readonly now: Date }> {
    const [locked] = await tx.$queryRaw<{ now: Date }[]>`
      SELECT now() FROM volumes WHERE id = ${volumeId}::uuid FOR UPDATE`;
    const volume = await tx.volume.findUnique({ where: { id: volumeId } });
    if (locked === undefined || volume?.fence !== fence) throw new DomainError('STALE_FENCE', { volumeId });
    return { volume, now: locked.now };
  }
}
