import { DomainError, type RequestOf, type removeImage } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { isOff } from '../domains/domain-power.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { InventoryService } from '../inventory/inventory.service.js';
import type { Deadline } from '../work/deadline.js';
import { isMissing } from '../work/missing-file.js';
import { ImageImports } from './image-imports.js';
import { ImageLibrary } from './image-library.js';
import { ImageUploads } from './image-uploads.js';
import { storageError } from './storage-error.js';

interface BasedDisks {
  /** Disks that were made on the image. */
  readonly ofImage: number;
  /** Disks that read from the file, whatever image they were made on. */
  readonly ofFile: number;
}

/** Takes images away from this host. vms refuses that while they are used; what is on the disks here has the last word. */
@Injectable()
export class ImageRemoval {
  constructor(
    private readonly imports: ImageImports,
    private readonly uploads: ImageUploads,
    private readonly library: ImageLibrary,
    private readonly inventory: InventoryService,
    private readonly disks: DiskService,
    private readonly domains: DomainRepository,
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
    const { ofImage, ofFile } = await this.basedOn(imageId, this.library.pathOf(file));
    if (ofImage > 0) throw new DomainError('IMAGE_IN_USE', { imageId, disks: ofImage });
    if (await this.library.goesWith({ imageId, ...file }))
      await this.requireInNoDrive(imageId, this.library.pathOf(file), deadline);
    deadline.check();
    const removed = await this.library.remove({ imageId, ...file }, ofFile > 0).catch((error: unknown) => {
      throw storageError(error);
    });
    if (removed) this.logger.info({ imageId }, 'image removed');
    void this.inventory.scanImagesAnew();
    return removed;
  }

  /** A guest that has locked its tray keeps what was taken from it, and so does one that has not been asked for it yet. */
  private async requireInNoDrive(imageId: string, path: string, deadline: Deadline): Promise<void> {
    for (const { vmId, power } of await this.domains.list())
      if (!isOff(power) && (await this.domains.diskFiles(vmId, deadline, false)).includes(path))
        throw new DomainError('IMAGE_IN_USE', { imageId, reason: 'a guest has it in its CD-ROM drive' });
  }

  private async basedOn(imageId: string, path: string): Promise<BasedDisks> {
    let [ofImage, ofFile] = [0, 0];
    for (const vmId of (await this.disks.remembered()).made) {
      const header = await this.disks.headerOf(vmId).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw storageError(error);
      });
      // One that was made independent of its image needs it no more.
      if (header?.backingFile === undefined) continue;
      if (header.backingFile === path) ofFile += 1;
      if (header.identity?.imageId === imageId) ofImage += 1;
    }
    return { ofImage, ofFile };
  }
}
