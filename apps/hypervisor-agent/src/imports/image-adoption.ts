import { DomainError, type ImageUploadFormat } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { inspectFetched, storedFormat } from '../images/fetched-image.js';
import { ImageRefused } from '../images/image-check.js';
import { ImageStore } from '../images/image.store.js';
import { VolumeService } from '../volumes/volume.service.js';
import { ImageLibrary, type AdoptedImage } from './image-library.js';

const GIB = 1_073_741_824;

type Arrived = Omit<AdoptedImage, 'format'> & { readonly format: ImageUploadFormat };

/** From a file that has come, wherever from, to an image in the library: looked at, and only then given its name. */
@Injectable()
export class ImageAdoption {
  constructor(
    private readonly library: ImageLibrary,
    private readonly store: ImageStore,
    private readonly volumes: VolumeService,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  /** @throws DomainError POOL_FULL when there is no room for so many more */
  async requireRoom(bytes: number, reservePercent: number): Promise<void> {
    const { availableBytes, capacityBytes } = await this.volumes.pool();
    if (availableBytes - bytes < (capacityBytes * reservePercent) / 100)
      throw new DomainError('POOL_FULL', { availableBytes, bytes, reservePercent });
  }

  /** For whom it would take hours to hear it at the end. @throws ImageRefused */
  requireSize(virtualSizeBytes: number): void {
    const { maxVirtualBytes } = this;
    if (virtualSizeBytes > maxVirtualBytes)
      throw new ImageRefused(`its virtual size is more than ${maxVirtualBytes} bytes`);
  }

  /**
   * @returns bytes that a guest sees
   * @throws ImageRefused; what the storage fails with
   */
  async keep(arrived: Arrived, signal: AbortSignal): Promise<number> {
    const { imageId, format } = arrived;
    const part = this.library.partOf(imageId);
    const virtualSizeBytes = await inspectFetched(part, format, this.maxVirtualBytes, signal);
    const adopted = { ...arrived, format: storedFormat(format) };
    await this.library.adopt(adopted, virtualSizeBytes, (path) => this.store.isSound(path));
    return virtualSizeBytes;
  }

  private get maxVirtualBytes(): number {
    return this.config.IMAGE_MAX_VIRTUAL_GIB * GIB;
  }
}
