import { DomainError, type ReplyOf, type RequestOf, type importImage } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { inspectFetched } from '../images/fetched-image.js';
import { ImageStore } from '../images/image.store.js';
import { VolumeService } from '../volumes/volume.service.js';
import { ImageDownload } from './image-download.js';
import { ImageLibrary } from './image-library.js';

const GIB = 1_073_741_824;

export type Asked = RequestOf<typeof importImage>;
export type Imported = Pick<ReplyOf<typeof importImage>, 'sizeBytes' | 'virtualSizeBytes'>;

/** From an address to an image in the library: fetched beside, looked at, and only then given its name. */
@Injectable()
export class ImageFetcher {
  constructor(
    private readonly library: ImageLibrary,
    private readonly download: ImageDownload,
    private readonly store: ImageStore,
    private readonly volumes: VolumeService,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  /** @throws DomainError what ImageDownload throws, STORAGE_UNAVAILABLE; ImageRefused */
  async bring(asked: Asked, signal: AbortSignal, tell: (percent: number) => void): Promise<Imported> {
    const { imageId, format, reservePercent } = asked;
    await this.library.prepare();
    const part = this.library.partOf(imageId);
    const requireRoom = (bytes: number): Promise<void> => this.requireRoom(bytes, reservePercent);
    const sizeBytes = await this.download.into(part, asked, { signal, tell, requireRoom });
    const maxVirtualBytes = this.config.IMAGE_MAX_VIRTUAL_GIB * GIB;
    const virtualSizeBytes = await inspectFetched(part, format, maxVirtualBytes, signal);
    await this.library.adopt(asked, virtualSizeBytes, (path) => this.store.isSound(path));
    return { sizeBytes, virtualSizeBytes };
  }

  /** @throws DomainError POOL_FULL */
  private async requireRoom(bytes: number, reservePercent: number): Promise<void> {
    const { availableBytes, capacityBytes } = await this.volumes.pool();
    if (availableBytes - bytes < (capacityBytes * reservePercent) / 100)
      throw new DomainError('POOL_FULL', { availableBytes, bytes, reservePercent });
  }
}
