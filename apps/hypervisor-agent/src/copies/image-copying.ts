import { DomainError, type RequestOf, type copyImage } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { ImageAdoption } from '../imports/image-adoption.js';
import { ImageDownload } from '../imports/image-download.js';
import { ImageImporting, type Imported } from '../imports/image-importing.js';
import { ImageImports } from '../imports/image-imports.js';
import { ImageLibrary } from '../imports/image-library.js';
import { ImageSource, SOURCE_IDLE_MS, type OpenedImage } from '../imports/image-source.js';
import { PeerPolicy } from '../imports/source-policy.js';
import { storageError } from '../imports/storage-error.js';
import type { JoinedWork } from '../work/joined-work.js';

type Asked = RequestOf<typeof copyImage>;

/** Brings images from other hosts: imports whose bytes another agent sends, and goes on sending when one has gone. */
@Injectable()
export class ImageCopying {
  private readonly source = new ImageSource(new PeerPolicy(), SOURCE_IDLE_MS);
  /** Where each is read from, as was said last. */
  private readonly places = new Map<string, Pick<Asked, 'url' | 'ticket'>>();
  /** Bytes that have come of those that are being read. */
  private readonly received = new Map<string, number>();

  constructor(
    private readonly imports: ImageImports,
    private readonly importing: ImageImporting,
    private readonly library: ImageLibrary,
    private readonly download: ImageDownload,
    private readonly adoption: ImageAdoption,
  ) {}

  /** Call within the gate of the image. @returns undefined: there is no place for it yet */
  async begin(asked: Asked): Promise<JoinedWork<Imported> | undefined> {
    const { imageId, url, ticket } = asked;
    this.places.set(imageId, { url, ticket });
    const joined = await this.imports.join(imageId, 'copy', () => Promise.resolve({ work: this.take(asked) }));
    if (joined === undefined) this.places.delete(imageId);
    return joined;
  }

  /** Of one that has not come whole. @throws DomainError STORAGE_UNAVAILABLE */
  async receivedBytes({ imageId, sizeBytes }: Asked): Promise<number> {
    const known = this.received.get(imageId);
    if (known !== undefined) return known;
    const bytes = await this.library.partBytes(imageId).catch((error: unknown) => {
      throw storageError(error);
    });
    return Math.min(bytes, sizeBytes);
  }

  private async take(asked: Asked): Promise<Imported> {
    try {
      return await this.importing.begin(asked, (stop) => this.bring(asked, stop));
    } finally {
      this.places.delete(asked.imageId);
      this.received.delete(asked.imageId);
    }
  }

  private async bring(asked: Asked, stop: AbortSignal): Promise<Imported> {
    const { imageId, sha256, reservePercent } = asked;
    await this.library.prepare();
    const requireRoom = (bytes: number): Promise<void> => this.adoption.requireRoom(bytes, reservePercent);
    const tell = (_percent: number, bytes: number): void => void this.received.set(imageId, bytes);
    const open = (offset: number, signal: AbortSignal): Promise<OpenedImage> => this.open(imageId, offset, signal);
    const part = this.library.partOf(imageId);
    const watch = { signal: stop, tell, requireRoom };
    const sizeBytes = await this.download.into(part, { sha256, open }, watch).catch((error: unknown) => {
      throw awayError(error);
    });
    return { sizeBytes, virtualSizeBytes: await this.adoption.keep(asked, stop) };
  }

  /** Whatever one host answers, another one, or the same a moment later, may send it: by then another may have been named. */
  private async open(imageId: string, offset: number, signal: AbortSignal): Promise<OpenedImage> {
    const place = this.places.get(imageId);
    if (place === undefined) throw new Error('nobody says any more where it is');
    const ticket = { authorization: `Bearer ${place.ticket}` };
    try {
      return await this.source.openDirectly(place.url, offset, signal, ticket);
    } catch (error) {
      throw error instanceof DomainError ? new Error(error.message, { cause: error }) : error;
    }
  }
}

/** What has come is kept: it is gone on with when somebody sends the rest. */
const awayError = (error: unknown): unknown =>
  error instanceof DomainError && error.code === 'IMAGE_SOURCE_UNAVAILABLE'
    ? new DomainError('IMAGE_SOURCE_AWAY', { ...error.details }, { cause: error })
    : error;
