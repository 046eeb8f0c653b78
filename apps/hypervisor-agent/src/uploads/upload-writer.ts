import { addAbortSignal, type Readable } from 'node:stream';
import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { ImageAdoption } from '../imports/image-adoption.js';
import { ImageLibrary } from '../imports/image-library.js';
import { ImageUploads, type ExpectedUpload } from '../imports/image-uploads.js';
import { LEAST_PACE, Pace } from '../imports/pace.js';
import { UploadFile } from './upload-file.js';
import { UploadRefused } from './upload-refused.js';

/** How much is written between two looks at how much room is left, and at most before it is on the storage. */
const SYNC_EVERY_BYTES = 67_108_864;

/** A piece that somebody sends. */
export interface Piece {
  /** Where it belongs. */
  readonly offset: number;
  /** null: nobody says before how much it is. */
  readonly length: number | null;
  readonly body: Readable;
}

/** Writes what is uploaded: one at a time has a file, nothing is held in memory but what is being written. */
@Injectable()
export class UploadWriter {
  constructor(
    private readonly uploads: ImageUploads,
    private readonly library: ImageLibrary,
    private readonly adoption: ImageAdoption,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** How much of it has come. Whoever was writing has ended. @throws DomainError IMAGE_NOT_FOUND, STORAGE_UNAVAILABLE */
  async offsetOf({ imageId, sizeBytes }: ExpectedUpload): Promise<number> {
    if (this.uploads.isComplete(imageId)) return sizeBytes;
    return this.uploads.alone(imageId, () => UploadFile.bytesOf(this.library.partOf(imageId)));
  }

  /**
   * @returns how much has come then, which is on the storage
   * @throws UploadRefused; DomainError IMAGE_NOT_FOUND, POOL_FULL, STORAGE_UNAVAILABLE; what the connection broke with
   */
  async append(upload: ExpectedUpload, piece: Piece): Promise<number> {
    const { imageId, sizeBytes } = upload;
    return this.uploads.alone(imageId, async (stop) => {
      this.requireIncomplete(imageId);
      await this.library.prepare();
      const file = await UploadFile.open(this.library.partOf(imageId));
      try {
        if (file.bytes !== piece.offset) throw new UploadRefused(409, `${file.bytes} bytes have come`);
        requireFits(piece.offset + (piece.length ?? 0), sizeBytes);
        try {
          await this.receive(file, upload, piece.body, stop);
        } finally {
          await file.sync();
        }
      } finally {
        await file.close();
      }
      if (file.bytes === sizeBytes) this.logger.info({ imageId, sizeBytes }, 'all of an upload has come');
      return file.bytes;
    });
  }

  /** Whoever has the ticket wants it no more: what has come is gone, and vms is told. @throws UploadRefused */
  async giveUp({ imageId }: ExpectedUpload): Promise<void> {
    await this.uploads.alone(imageId, async () => {
      this.requireIncomplete(imageId);
      const reason = 'whoever had its ticket gave it up';
      this.uploads.fail(imageId, new DomainError('IMAGE_UPLOAD_ENDED', { reason }));
      await this.library.discardPart(imageId);
    });
    this.logger.info({ imageId }, 'an upload was given up');
  }

  /** Call while having the file: whoever had it before may have brought the last of it. @throws UploadRefused */
  private requireIncomplete(imageId: string): void {
    if (this.uploads.isComplete(imageId)) throw new UploadRefused(409, 'All of it has come');
  }

  private async receive(file: UploadFile, upload: ExpectedUpload, sent: Readable, stop: AbortSignal): Promise<void> {
    const { sizeBytes, reservePercent } = upload;
    const requireRoom = (): Promise<void> => this.adoption.requireRoom(sizeBytes - file.bytes, reservePercent);
    await requireRoom();
    const pace = new Pace(LEAST_PACE);
    const body = addAbortSignal(AbortSignal.any([stop, pace.signal]), sent);
    let syncedBytes = file.bytes;
    try {
      for await (const received of body) {
        const chunk = received as Buffer;
        pace.count(chunk.length);
        requireFits(file.bytes + chunk.length, sizeBytes);
        await file.append(chunk);
        if (file.bytes - syncedBytes < SYNC_EVERY_BYTES) continue;
        syncedBytes = file.bytes;
        await file.sync();
        await requireRoom();
      }
    } finally {
      pace.end();
    }
  }
}

const requireFits = (bytes: number, sizeBytes: number): void => {
  if (bytes > sizeBytes) throw new UploadRefused(413, `The file was said to have ${sizeBytes} bytes`);
};
