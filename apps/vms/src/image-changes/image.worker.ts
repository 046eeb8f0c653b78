import { DomainError, isRetryable } from '@infinibay/contracts';
import { newServiceContext, runInContext, type Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { LONGEST_UPLOAD_MS, isUploadOver, planImage, type ImageStep } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Image } from '../generated/prisma/client.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from '../reconcile/reconcile-options.js';
import type { ImageClaim } from './image-claim.repository.js';
import { ImageCopying } from './image-copying.js';
import { ImageHost } from './image-host.js';
import { ImageJournal } from './image.journal.js';
import { ImageUploadRepository } from './image-upload.repository.js';

/** Longer than many imports that wait for each other on one host; what goes on without end, or fails again and again, ends. */
const LONGEST_IMPORT_MS = 172_800_000;
/** A large disk is copied for hours, and perhaps behind imports. Its VM stays off as long. */
const LONGEST_CAPTURE_MS = 86_400_000;

/** Works on one claimed image: asks its host for the next thing, and records what it says. */
@Injectable()
export class ImageWorker {
  constructor(
    private readonly journal: ImageJournal,
    private readonly host: ImageHost,
    private readonly uploads: ImageUploadRepository,
    private readonly copying: ImageCopying,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async work(claim: ImageClaim): Promise<void> {
    const open = await this.journal.openRequest(claim);
    await runInContext(newServiceContext(open?.correlationId), async () => {
      try {
        await this.converge(claim, open?.ageMs ?? 0);
      } catch (error) {
        if (error instanceof DomainError && error.code === 'STALE_FENCE')
          this.logger.warn({ imageId: claim.imageId }, 'another worker has taken over the image');
        else throw error;
      }
    });
  }

  /** @param ageMs since when it is asked for */
  private async converge(claim: ImageClaim, ageMs: number): Promise<void> {
    let step: ImageStep | null = null;
    try {
      const image = await this.journal.read(claim);
      step = planImage(image.state);
      // One that is there may be on its way to further hosts.
      if (image.state === 'READY') return await this.copying.work(claim, image);
      if (step === null) return await this.journal.settle(claim);
      await this.journal.stepStarted(claim, step);
      await this.options.failpoints.reach('before', step);
      if (step === 'import-image') await this.fetch(claim, image, ageMs);
      else if (step === 'receive-image') await this.receive(claim, image, ageMs);
      else if (step === 'capture-image') await this.capture(claim, image, ageMs);
      else await this.remove(claim, image);
    } catch (error) {
      await this.recordFailure(claim, step, ageMs, error);
    }
  }

  private async fetch(claim: ImageClaim, image: Image, ageMs: number): Promise<void> {
    const { sizes, percent } = await this.host.fetch(image);
    await this.options.failpoints.reach('after', 'import-image');
    if (sizes === null) {
      if (ageMs > LONGEST_IMPORT_MS) throw new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: 'it took too long' });
      return this.journal.goesOn(claim, 'import-image', percent);
    }
    this.logger.info({ imageId: image.id, ...sizes }, 'image imported');
    return this.journal.arrived(claim, 'import-image', sizes);
  }

  private async capture(claim: ImageClaim, image: Image, ageMs: number): Promise<void> {
    const { made, percent } = await this.host.capture(image);
    await this.options.failpoints.reach('after', 'capture-image');
    if (made === null) {
      if (ageMs > LONGEST_CAPTURE_MS) throw new DomainError('DEADLINE_EXCEEDED', { reason: 'it took too long' });
      return this.journal.goesOn(claim, 'capture-image', percent);
    }
    this.logger.info({ imageId: image.id, vmId: image.sourceVmId, ...made }, 'image made of a VM');
    return this.journal.arrived(claim, 'capture-image', made);
  }

  /** Its bytes come to its host meanwhile, or do not: people have their time. */
  private async receive(claim: ImageClaim, image: Image, ageMs: number): Promise<void> {
    const upload = await this.uploads.find(image.id);
    if (upload === null) throw new DomainError('IMAGE_UPLOAD_ENDED');
    const { sizes, receivedBytes } = await this.host.receive(image, upload);
    await this.options.failpoints.reach('after', 'receive-image');
    if (sizes !== null) {
      this.logger.info({ imageId: image.id, ...sizes }, 'image uploaded');
      return this.journal.arrived(claim, 'receive-image', sizes);
    }
    const isIdle = await this.uploads.isIdle(image.id);
    const [knownBytes, sizeBytes] = [Number(upload.receivedBytes), Number(upload.sizeBytes)];
    if (isUploadOver({ ageMs, isIdle, knownBytes, receivedBytes, sizeBytes }))
      throw new DomainError('IMAGE_UPLOAD_ENDED', { reason: 'it took too long' });
    return this.journal.received(claim, upload, receivedBytes);
  }

  private async remove(claim: ImageClaim, image: Image): Promise<void> {
    await this.host.remove(image);
    await this.options.failpoints.reach('after', 'remove-image');
    this.logger.info({ imageId: image.id }, 'image removed');
    return this.journal.removed(claim);
  }

  private async recordFailure(claim: ImageClaim, step: ImageStep | null, ageMs: number, cause: unknown): Promise<void> {
    if (cause instanceof DomainError && cause.code === 'STALE_FENCE') throw cause;
    const error = cause instanceof DomainError ? cause : new DomainError('INTERNAL', {}, { cause });
    const failed = { imageId: claim.imageId, step, code: error.code, err: error };
    const image = await this.journal.read(claim);
    // One that fails late has gone on before, each time.
    const isTooLate = await this.isTooLate(claim, step, ageMs);
    // Without a step it is our own database that failed.
    if (step === null || (!isTooLate && passes(step, error))) {
      const waitMs = await this.journal.retryLater(claim, step, error);
      this.logger.warn({ ...failed, waitMs }, 'image step failed; trying again');
      return;
    }
    this.logger.error(failed, 'what was asked of the image failed');
    if (step !== 'remove-image') await this.host.giveUp(image);
    await this.journal.fail(claim, step, error);
  }

  /** An upload has as much time while its host is away as while its owner is. */
  private async isTooLate(claim: ImageClaim, step: ImageStep | null, ageMs: number): Promise<boolean> {
    if (step === 'receive-image') return ageMs > LONGEST_UPLOAD_MS || (await this.uploads.isIdle(claim.imageId));
    if (step === 'import-image' && ageMs > LONGEST_IMPORT_MS) return true;
    if (step === 'capture-image' && ageMs > LONGEST_CAPTURE_MS) return true;
    return (await this.journal.failingMs(claim)) > this.options.retryLimitMs;
  }
}

/**
 * Nothing new is begun with a VM that an image is made of: what its host does to it yet was asked for before. And no VM is
 * given an image that shall go: a guest that still has it in its drive lets go of what was taken out of it.
 */
const passes = (step: ImageStep, error: DomainError): boolean =>
  isRetryable(error) ||
  (step === 'capture-image' && error.code === 'VM_BUSY') ||
  (step === 'remove-image' && error.code === 'IMAGE_IN_USE');
