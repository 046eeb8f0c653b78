import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@infinibay/contracts';
import { errnoOf } from '../work/missing-file.js';
import { RangeRefused, type OpenedImage } from './image-source.js';
import { Pace, type PaceLimits } from './pace.js';
import { PartFile } from './part-file.js';

const GIB = 1_073_741_824;
/** How much is written between two looks at how much room is left. */
const ROOM_EVERY_BYTES = 67_108_864;

export interface DownloadLimits extends PaceLimits {
  readonly maxBytes: number;
  /** Attempts that bring less than `leastBytes`, one after another, before it is given up. */
  readonly attempts: number;
  /** Wait after the first of them; each further one doubles it, up to `longestWaitMs`. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** Who waits for a download. */
export interface Watch {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Is told how much has come. */
  tell(percent: number, bytes: number): void;
  /** @throws DomainError POOL_FULL when there is no room for so many more */
  requireRoom(bytes: number): Promise<void>;
}

interface Wanted {
  readonly sha256: string;
  /** Asks for it from a byte on, each time that it is begun or gone on with. Throws as ImageSource does. */
  readonly open: (offset: number, signal: AbortSignal) => Promise<OpenedImage>;
}

/** Fetches a file as a stream. After a break, or a kill, it goes on where it stood: the SHA-256 says whether that was right. */
export class ImageDownload {
  constructor(private readonly limits: DownloadLimits) {}

  /**
   * @param path what is there already of it is kept
   * @returns bytes of the file, which is whole and synced then
   * @throws DomainError IMAGE_SOURCE_REFUSED, IMAGE_SOURCE_UNAVAILABLE, IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH,
   * POOL_FULL, STORAGE_UNAVAILABLE
   */
  async into(path: string, wanted: Wanted, watch: Watch): Promise<number> {
    const part = await PartFile.open(path, watch.signal);
    try {
      await this.complete(part, wanted, watch);
      await part.sync();
      return part.bytes;
    } finally {
      await part.close();
    }
  }

  private async complete(part: PartFile, wanted: Wanted, watch: Watch): Promise<void> {
    const isThere = (): boolean => part.sha256() === wanted.sha256;
    const wasBegun = part.bytes > 0;
    if (isThere()) return;
    const breaks = await this.receiveAll(part, wanted, watch);
    if (isThere()) return;
    // Pieces of two files, when the server has got another one meanwhile: once more, in one piece.
    if (wasBegun || breaks > 0) {
      await part.restart();
      await this.receiveAll(part, wanted, watch);
    }
    if (!isThere()) throw new DomainError('IMAGE_CHECKSUM_MISMATCH', { sizeBytes: part.bytes });
  }

  /** @returns how often it broke */
  private async receiveAll(part: PartFile, wanted: Wanted, watch: Watch): Promise<number> {
    const { attempts, firstWaitMs, longestWaitMs, leastBytes } = this.limits;
    for (let breaks = 0, inVain = 0; ; breaks += 1) {
      const before = part.bytes;
      try {
        await this.receive(part, wanted, watch);
        return breaks;
      } catch (error) {
        if (watch.signal.aborted || error instanceof DomainError) throw error;
        if (error instanceof RangeRefused) await part.restart();
        inVain = part.bytes - before >= leastBytes ? 1 : inVain + 1;
        if (inVain > attempts)
          throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: errnoOf(error) ?? 'it broke' }, { cause: error });
      }
      await delay(Math.min(longestWaitMs, firstWaitMs * 2 ** (inVain - 1)), undefined, { signal: watch.signal });
    }
  }

  private async receive(part: PartFile, wanted: Wanted, watch: Watch): Promise<void> {
    const pace = new Pace(this.limits);
    try {
      const signal = AbortSignal.any([watch.signal, pace.signal]);
      await this.receiveAt(pace, part, await wanted.open(part.bytes, signal), watch);
    } catch (error) {
      if (error instanceof DomainError || !pace.signal.aborted) throw error;
      throw new Error('it comes too slowly', { cause: error });
    } finally {
      pace.end();
    }
  }

  private async receiveAt(
    pace: Pace,
    part: PartFile,
    { body, offset, totalBytes }: OpenedImage,
    watch: Watch,
  ): Promise<void> {
    try {
      if (offset !== part.bytes) await part.restart();
      if (totalBytes !== null) this.requireFits(totalBytes);
      let roomAt = part.bytes;
      await watch.requireRoom(totalBytes === null ? 0 : totalBytes - part.bytes);
      for await (const received of body) {
        const chunk = received as Buffer;
        pace.count(chunk.length);
        this.requireFits(part.bytes + chunk.length);
        await part.append(chunk);
        if (totalBytes !== null) watch.tell(Math.min(100, Math.floor((100 * part.bytes) / totalBytes)), part.bytes);
        if (part.bytes - roomAt < ROOM_EVERY_BYTES) continue;
        roomAt = part.bytes;
        await watch.requireRoom(totalBytes === null ? 0 : totalBytes - part.bytes);
      }
      if (totalBytes !== null && part.bytes < totalBytes) throw new Error('it ended before all had come');
    } finally {
      body.destroy();
    }
  }

  /** @throws DomainError IMAGE_TOO_LARGE */
  private requireFits(bytes: number): void {
    const { maxBytes } = this.limits;
    if (bytes > maxBytes) throw new DomainError('IMAGE_TOO_LARGE', { maxGib: maxBytes / GIB });
  }
}
