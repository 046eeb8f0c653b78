import type { OperationKind } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { SnapshotRepository } from '../snapshots/snapshot.repository.js';
import { VmRepository } from '../vms/vm.repository.js';
import type { Said } from './action-inputs.js';
import { SetVmCdrom } from './vm-cdrom.inputs.js';

/** What an action on a VM means for its CD-ROM drive, within the transaction that accepts it and has the VM locked. */
@Injectable()
export class CdromChanges {
  constructor(
    private readonly vms: VmRepository,
    private readonly images: ImageRepository,
    private readonly snapshots: SnapshotRepository,
  ) {}

  /**
   * What is declared stays so, whatever becomes of the operation: each start puts it in.
   * @throws DomainError SNAPSHOT_HOLDS_MEMORY, IMAGE_NOT_FOUND, IMAGE_NOT_AN_ISO, IMAGE_BUSY, IMAGE_NOT_ON_HOST
   */
  async accept(tx: Transaction, vm: VmRow, kind: OperationKind, said: Said): Promise<void> {
    if (kind !== 'SET_VM_CDROM') return;
    const { imageId } = SetVmCdrom.omit({ idempotencyKey: true }).parse(said);
    await this.snapshots.requireNoMemory(tx, vm.id);
    const image = imageId === null ? null : await this.images.keepMedium(tx, imageId, vm);
    await this.vms.update(tx, vm.id, { cdromImageId: image?.id ?? null, cdromPending: true });
  }
}
