import { createHash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** vms asks after each upload every few seconds; what it asks for no more is taken no more. */
const UNASKED_MS = 1_800_000;

/** What whoever has the ticket may send. */
export interface ExpectedUpload {
  readonly imageId: string;
  /** Of the file. */
  readonly sizeBytes: number;
  readonly ticketSha256: string;
  /** Of the pool, that stays free. */
  readonly reservePercent: number;
}

interface Upload {
  readonly expected: ExpectedUpload;
  readonly unasked: NodeJS.Timeout;
  /** All of it has come: nothing is taken any more. */
  isComplete: boolean;
  /** What it came to its end with; asked for again, it is told again. */
  failure: DomainError | null;
  /** Ends who has the file. */
  stop: AbortController;
  /** Resolves when nobody has the file. */
  ended: Promise<unknown>;
}

/** Uploads that are expected here. Nothing of them is on a disk but the bytes: vms says anew what it expects. */
@Injectable()
export class ImageUploads implements OnApplicationShutdown {
  private readonly uploads = new Map<string, Upload>();

  /**
   * It is expected, or still is.
   * @param isComplete whether all of it is there
   * @throws DomainError what it came to its end with
   */
  expect(expected: ExpectedUpload, isComplete: boolean): void {
    const known = this.uploads.get(expected.imageId);
    known?.unasked.refresh();
    const failure = known?.failure ?? null;
    if (failure !== null) throw failure;
    if (known !== undefined) known.isComplete = isComplete;
    else this.uploads.set(expected.imageId, this.opened(expected, isComplete));
  }

  /** What a ticket opens; undefined: nothing. */
  openedBy(imageId: string, ticket: string): ExpectedUpload | undefined {
    const upload = this.uploads.get(imageId);
    if (upload?.failure !== null) return undefined;
    const { expected } = upload;
    const digest = createHash('sha256').update(ticket).digest();
    return timingSafeEqual(digest, Buffer.from(expected.ticketSha256, 'hex')) ? expected : undefined;
  }

  isComplete(imageId: string): boolean {
    return this.uploads.get(imageId)?.isComplete === true;
  }

  /** It has come to its end, and vms is to hear why. */
  fail(imageId: string, failure: DomainError): void {
    const upload = this.uploads.get(imageId);
    if (upload !== undefined) upload.failure = failure;
  }

  /**
   * Lets one have the file, and nobody else: who has it is ended first, for a connection that broke may not have been
   * noticed here, and whoever comes now is whoever it was.
   * @throws DomainError IMAGE_NOT_FOUND when it is not expected, or has failed; the reason of the signal when the next one comes first
   */
  alone<T>(imageId: string, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    const upload = this.uploads.get(imageId);
    if (upload === undefined) return Promise.reject(new DomainError('IMAGE_NOT_FOUND', { imageId }));
    upload.stop.abort();
    const stop = new AbortController();
    upload.stop = stop;
    const done = upload.ended.then(() => {
      stop.signal.throwIfAborted();
      // Whoever had it before may have given it up.
      if (upload.failure !== null) throw new DomainError('IMAGE_NOT_FOUND', { imageId });
      return work(stop.signal);
    });
    upload.ended = done.catch(() => undefined);
    return done;
  }

  /** It is expected no more; nobody has the file then. */
  async close(imageId: string): Promise<void> {
    const upload = this.uploads.get(imageId);
    if (upload === undefined) return;
    this.uploads.delete(imageId);
    clearTimeout(upload.unasked);
    upload.stop.abort();
    await upload.ended;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.uploads.keys()].map((imageId) => this.close(imageId)));
  }

  private opened(expected: ExpectedUpload, isComplete: boolean): Upload {
    const unasked = setTimeout(() => void this.close(expected.imageId), UNASKED_MS);
    const nobody = { stop: new AbortController(), ended: Promise.resolve() };
    return { expected, unasked, isComplete, failure: null, ...nobody };
  }
}
