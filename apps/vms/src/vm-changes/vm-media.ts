import { DomainError } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { requireSharedMedium, type VmSpec } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';

/** What may be in the CD drive of a VM. */
@Injectable()
export class VmMedia {
  constructor(private readonly images: ImageRepository) {}

  /**
   * Of a spec that a VM is to have. What is in its drive already is not asked for again.
   * @param vm locked
   * @throws DomainError IMAGE_NOT_FOUND, IMAGE_NOT_AN_ISO, IMAGE_BUSY, IMAGE_NOT_ON_HOST
   */
  async requireInsertable(tx: Transaction, vm: VmRow, { cdrom }: Pick<VmSpec, 'cdrom'>): Promise<void> {
    const imageId = cdrom?.imageId ?? null;
    if (imageId === null || imageId === vm.cdromImageId) return;
    // From here on nobody deletes it: who was about to has done so, and it is refused.
    await this.images.keepMedium(tx, imageId, vm.departmentId);
    if (!(await this.images.isOn(vm.hostId, imageId))) throw new DomainError('IMAGE_NOT_ON_HOST', { imageId });
  }

  /**
   * Of a VM that is to go to another department.
   * @param vm locked
   * @throws DomainError CDROM_NOT_SHARED
   */
  async requireShared(tx: Transaction, { cdromImageId }: VmRow): Promise<void> {
    requireSharedMedium(cdromImageId === null ? null : await this.images.find(tx, cdromImageId));
  }
}

/** The id of an image as somebody said it. @throws DomainError IMAGE_NOT_FOUND for what is no id */
export const mediumNamed = (imageId: string): string => {
  if (!isUuid(imageId)) throw new DomainError('IMAGE_NOT_FOUND');
  return imageId;
};
