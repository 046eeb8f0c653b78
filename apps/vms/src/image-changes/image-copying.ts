import { DomainError, isRetryable } from '@infinibay/contracts';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { LONGEST_COPY_MS, copyPercent, sourceAfter } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Image, ImageCopy } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import type { OpenRequest } from '../operations/operation.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import type { ImageClaim } from './image-claim.repository.js';
import { ImageCopyHost } from './image-copy-host.js';
import { ImageCopyJournal, type CopyOutcome, type LeftOfCopy } from './image-copy.journal.js';
import { ImageHost } from './image-host.js';

/** Works on the copies of one claimed image, at once and each by itself. A look at all of them takes as long as the slowest host. */
@Injectable()
export class ImageCopying {
  constructor(
    private readonly journal: ImageCopyJournal,
    private readonly copies: ImageCopyRepository,
    private readonly peers: ImageCopyHost,
    private readonly host: ImageHost,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws DomainError STALE_FENCE; what our own database fails with */
  async work(claim: ImageClaim, image: Image): Promise<void> {
    const { copies, now } = await this.copies.due(image.id);
    if (copies.length === 0) return this.journal.record(claim, []);
    await this.options.failpoints.reach('before', 'copy-image');
    const found = await Promise.all(
      copies.map(async (copy) => ({ copy, outcome: await this.outcomeOf(image, copy, now) })),
    );
    await this.options.failpoints.reach('after', 'copy-image');
    return this.journal.record(claim, found);
  }

  private async outcomeOf(image: Image, copy: ImageCopy, now: Date): Promise<CopyOutcome> {
    const request = await this.journal.requestOf(copy);
    return runInContext(newServiceContext(request?.correlationId), async () => {
      try {
        return await this.look(image, copy, request, now);
      } catch (error) {
        return this.failure(image, copy, now, error);
      }
    });
  }

  private async look(image: Image, copy: ImageCopy, request: OpenRequest | null, now: Date): Promise<CopyOutcome> {
    // It is there when its host has told of it, with all that it has: placement reads that.
    if (await this.journal.isThere(copy)) return this.arrived(copy);
    const isCancelled = request?.isCancelRequested === true;
    if (isCancelled || request === null) {
      const left = (await this.copies.isAwaited(copy)) ? 'kept' : await this.discard(image, copy);
      if (isCancelled || left !== 'kept') return { kind: 'givenUp', isCancelled, left };
    }
    const source = await this.peers.open(image, copy);
    const { isComplete, receivedBytes } = await this.peers.read(image, copy, source);
    if (isComplete && (await this.journal.isThere(copy))) return this.arrived(copy);
    if (isEndless(copy, now)) throw new DomainError('DEADLINE_EXCEEDED', { reason: 'it took too long' });
    const percent = copyPercent(receivedBytes, source.sizeBytes);
    return { kind: 'goesOn', receivedBytes, percent, sourceHostId: source.hostId };
  }

  private arrived({ imageId, hostId, sourceHostId }: ImageCopy): CopyOutcome {
    this.logger.info({ imageId, hostId, sourceHostId }, 'image copied');
    return { kind: 'arrived' };
  }

  private async failure(image: Image, copy: ImageCopy, now: Date, cause: unknown): Promise<CopyOutcome> {
    if (cause instanceof DomainError && cause.code === 'STALE_FENCE') throw cause;
    const error = cause instanceof DomainError ? cause : new DomainError('INTERNAL', {}, { cause });
    const { imageId, hostId, sourceHostId } = copy;
    const failed = { imageId, hostId, sourceHostId, code: error.code, err: error };
    const sources = (await this.copies.senders(imageId, hostId)).map((one) => one.hostId);
    if (!this.isTooLate(copy, now) && passes(error, copy, sources.length)) {
      this.logger.warn(failed, 'copy of an image failed; trying again');
      const next = isOfSource(error) ? sourceAfter(sources, sourceHostId) : sourceHostId;
      return { kind: 'again', error, sourceHostId: next };
    }
    this.logger.error(failed, 'an image could not be copied');
    await this.giveUp(image, copy);
    return { kind: 'failed', error };
  }

  /** One that fails late has gone on before, each time. */
  private isTooLate(copy: ImageCopy, now: Date): boolean {
    const { failingSince } = copy;
    const failingMs = failingSince === null ? 0 : now.getTime() - failingSince.getTime();
    return failingMs > this.options.retryLimitMs || isEndless(copy, now);
  }

  /**
   * A host whose storage was away for a while is taken for one that lacks the image: where no other is known to have it,
   * what is there may be all that is left of it. What has come of a copy that is left there the host removes itself.
   */
  private async discard(image: Image, copy: ImageCopy): Promise<Exclude<LeftOfCopy, 'kept'>> {
    const { hostId } = copy;
    if (!(await this.copies.isElsewhere(copy))) {
      this.logger.warn({ imageId: image.id, hostId }, 'no other host has the image: nothing of it is removed');
      return 'alone';
    }
    await this.host.removeFrom(image, hostId);
    return 'removed';
  }

  /** What has come of it is of no use any more. A host that is away removes it itself after a while. */
  private async giveUp(image: Image, copy: ImageCopy): Promise<void> {
    const { hostId } = copy;
    try {
      await this.discard(image, copy);
    } catch (error) {
      this.logger.warn({ err: error, imageId: image.id, hostId }, 'what has come of a copy could not be removed');
    }
  }
}

const isEndless = ({ createdAt }: ImageCopy, now: Date): boolean =>
  now.getTime() - createdAt.getTime() > LONGEST_COPY_MS;

/** Another host may send what this one did not. */
const isOfSource = ({ code }: DomainError): boolean =>
  code === 'IMAGE_SOURCE_AWAY' || code === 'IMAGE_CHECKSUM_MISMATCH';

/**
 * Other bytes than its own are sent by a host whose storage is damaged: each other one is asked once. Attempts in vain do not
 * tell that: they are forgotten as soon as bytes come again, and those of a host that was away are none of it.
 */
const passes = (error: DomainError, { mismatches }: ImageCopy, sources: number): boolean =>
  isRetryable(error) || (error.code === 'IMAGE_CHECKSUM_MISMATCH' && mismatches + 1 < sources);
