import { DomainError, isRetryable, type RequestOf, type receiveImage } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { ImageAdoption } from '../imports/image-adoption.js';
import { ImageImporting, type Imported } from '../imports/image-importing.js';
import { ImageImports } from '../imports/image-imports.js';
import { ImageLibrary } from '../imports/image-library.js';
import { ImageUploads } from '../imports/image-uploads.js';
import { PartFile } from '../imports/part-file.js';
import type { JoinedWork } from '../work/joined-work.js';
import { UploadFile } from './upload-file.js';

const GIB = 1_073_741_824;

type Asked = RequestOf<typeof receiveImage>;

/** Expects uploads, and makes images of those that have come whole, as imports do. */
@Injectable()
export class ImageReceiving {
  constructor(
    private readonly uploads: ImageUploads,
    private readonly imports: ImageImports,
    private readonly importing: ImageImporting,
    private readonly adoption: ImageAdoption,
    private readonly library: ImageLibrary,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  /**
   * Call within the gate of the image.
   * @returns undefined: not all of it has come, or there is no place yet to look at it
   * @throws DomainError IMAGE_UPLOADS_UNAVAILABLE, IMAGE_TOO_LARGE, STORAGE_UNAVAILABLE, what it came to its end with
   */
  async begin(asked: Asked): Promise<JoinedWork<Imported> | undefined> {
    const { imageId, sizeBytes } = asked;
    if (this.config.UPLOAD_URL === undefined) throw new DomainError('IMAGE_UPLOADS_UNAVAILABLE');
    const maxGib = this.config.IMAGE_MAX_GIB;
    if (sizeBytes > maxGib * GIB) throw new DomainError('IMAGE_TOO_LARGE', { maxGib });
    await this.library.prepare();
    const isComplete = (await this.library.has(imageId)) || (await this.receivedBytes(imageId)) === sizeBytes;
    this.uploads.expect(asked, isComplete);
    if (!isComplete) return undefined;
    return this.imports.join(imageId, 'receive', () => Promise.resolve({ work: this.take(asked) }));
  }

  /** @throws DomainError STORAGE_UNAVAILABLE */
  receivedBytes(imageId: string): Promise<number> {
    return UploadFile.bytesOf(this.library.partOf(imageId));
  }

  private async take(asked: Asked): Promise<Imported> {
    try {
      return await this.importing.begin(asked, (stop) => this.bring(asked, stop));
    } catch (error) {
      // What came is thrown away: nothing but a new upload helps.
      if (error instanceof DomainError && !isRetryable(error)) this.uploads.fail(asked.imageId, error);
      throw error;
    }
  }

  private async bring(asked: Asked, stop: AbortSignal): Promise<Imported> {
    const { imageId, sizeBytes, sha256 } = asked;
    const part = await PartFile.open(this.library.partOf(imageId), stop);
    try {
      if (part.bytes !== sizeBytes || part.sha256() !== sha256)
        throw new DomainError('IMAGE_CHECKSUM_MISMATCH', { sizeBytes: part.bytes });
      await part.sync();
    } finally {
      await part.close();
    }
    return { sizeBytes, virtualSizeBytes: await this.adoption.keep(asked, stop) };
  }
}
