import { DomainError, type RequestOf, type removeImage } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { InventoryService } from '../inventory/inventory.service.js';
import type { Deadline } from '../work/deadline.js';
import { ImageImports } from './image-imports.js';
import { ImageLibrary } from './image-library.js';
import { ImageUploads } from './image-uploads.js';
import { ImageUses } from './image-uses.js';
import { storageError } from './storage-error.js';

/** Takes images away from this host. vms refuses that while they are used; what is on the disks here has the last word. */
@Injectable()
export class ImageRemoval {
  constructor(
    private readonly imports: ImageImports,
    private readonly uploads: ImageUploads,
    private readonly library: ImageLibrary,
    private readonly inventory: InventoryService,
    private readonly uses: ImageUses,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Call within the gate of the image. An import, or an upload, of it ends.
   * @returns whether there was one
   * @throws DomainError IMAGE_IN_USE, STORAGE_UNAVAILABLE
   */
  async remove({ imageId, format, sha256 }: RequestOf<typeof removeImage>, deadline: Deadline): Promise<boolean> {
    await this.uploads.close(imageId);
    await this.imports.cancel(imageId);
    await this.library.prepare();
    // Who asked for an image of a VM need not have heard yet which file has become of it.
    const file = (await this.library.fileOf(imageId)) ?? { format, sha256 };
    const { ofImage, ofFile } = await this.uses.basedOn(imageId, this.library.pathOf(file));
    if (ofImage > 0) throw new DomainError('IMAGE_IN_USE', { imageId, disks: ofImage });
    if (ofFile === 0 && (await this.library.goesWith({ imageId, ...file })))
      await this.uses.requireInNoDrive(imageId, this.library.pathOf(file), deadline);
    deadline.check();
    const removed = await this.library.remove({ imageId, ...file }, ofFile > 0).catch((error: unknown) => {
      throw storageError(error);
    });
    if (removed) this.logger.info({ imageId }, 'image removed');
    void this.inventory.scanImagesAnew();
    return removed;
  }
}
