import { databaseNow } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Transaction } from '../database.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import type { OperationRow } from '../operations/operation.mapper.js';
import { VmRepository } from '../vms/vm.repository.js';
import { VolumeRepository } from '../volumes/volume.repository.js';

/** What an operation is about that somebody takes back: a VM, a volume or an image. */
@Injectable()
export class CancelledResource {
  constructor(
    private readonly vms: VmRepository,
    private readonly volumes: VolumeRepository,
    private readonly images: ImageRepository,
    private readonly copies: ImageCopyRepository,
  ) {}

  /**
   * A worker writes under the lock of what it works on: it has recorded the end, or finds what is written after this.
   * @returns false: it is nothing of that
   */
  async lock(tx: Transaction, { vmId, resourceKind, resourceId }: OperationRow): Promise<boolean> {
    if (vmId !== null) await this.vms.lock(tx, vmId);
    else if (resourceKind === 'volume') await this.volumes.lock(tx, resourceId);
    else if (resourceKind === 'image') await this.images.lock(tx, resourceId);
    else return false;
    return true;
  }

  /** Whoever works on it looks now. */
  async makeDue(tx: Transaction, { vmId, resourceKind, resourceId }: OperationRow): Promise<void> {
    if (resourceKind === 'image') return this.copies.hurry(tx, resourceId);
    const due = { reconcileAt: await databaseNow(tx), failedAttempts: 0 };
    if (vmId === null) await this.volumes.update(tx, resourceId, due);
    else await this.vms.update(tx, vmId, due);
  }
}
