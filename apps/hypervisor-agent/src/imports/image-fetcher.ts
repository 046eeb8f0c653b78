import type { RequestOf, importImage } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { ImageAdoption } from './image-adoption.js';
import { ImageDownload } from './image-download.js';
import type { Imported } from './image-importing.js';
import { ImageLibrary } from './image-library.js';
import { ImageSource, type OpenedImage } from './image-source.js';

/** From an address to an image in the library: fetched beside, looked at, and only then given its name. */
@Injectable()
export class ImageFetcher {
  constructor(
    private readonly library: ImageLibrary,
    private readonly source: ImageSource,
    private readonly download: ImageDownload,
    private readonly adoption: ImageAdoption,
  ) {}

  /** @throws DomainError what ImageDownload throws, STORAGE_UNAVAILABLE; ImageRefused */
  async bring(
    asked: RequestOf<typeof importImage>,
    signal: AbortSignal,
    tell: (percent: number) => void,
  ): Promise<Imported> {
    const { imageId, url, sha256, reservePercent } = asked;
    await this.library.prepare();
    const open = (offset: number, stop: AbortSignal): Promise<OpenedImage> => this.source.open(url, offset, stop);
    const requireRoom = (bytes: number): Promise<void> => this.adoption.requireRoom(bytes, reservePercent);
    const part = this.library.partOf(imageId);
    const sizeBytes = await this.download.into(part, { sha256, open }, { signal, tell, requireRoom });
    return { sizeBytes, virtualSizeBytes: await this.adoption.keep(asked, signal) };
  }
}
