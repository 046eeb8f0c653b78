import { DomainError } from '@infinibay/contracts';
import { LeasedTable, type Lease } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Image } from '../generated/prisma/client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';

/** An image that this worker may act on, as long as the lease lasts. */
export interface ImageClaim extends Lease {
  readonly imageId: string;
}

/** Leases of images whose work is due. */
@Injectable()
export class ImageClaimRepository extends LeasedTable<ImageClaim> {
  constructor(database: PrismaClient, @Inject(RECONCILE_OPTIONS) { workerId: owner, leaseMs }: ReconcileOptions) {
    super(database, { table: 'images', key: 'imageId', dueAt: 'reconcile_at', owner, leaseMs });
  }

  /** The row, locked, if the claim still holds. @throws DomainError STALE_FENCE */
  async lock(tx: Transaction, { imageId, fence }: ImageClaim): Promise<Image> {
    await tx.$queryRaw`SELECT id FROM images WHERE id = ${imageId}::uuid FOR UPDATE`;
    const image = await tx.image.findUnique({ where: { id: imageId } });
    if (image?.fence !== fence) throw new DomainError('STALE_FENCE', { imageId });
    return image;
  }
}
