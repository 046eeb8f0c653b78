import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { backoffMs, planImage, uploadPercent, type ImageStep } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { Change, type Transaction } from '../database.js';
import type { Image, ImageUpload, Prisma } from '../generated/prisma/client.js';
import { OperationRepository, type OpenRequest } from '../operations/operation.repository.js';
import { ImageClaimRepository, type ImageClaim } from './image-claim.repository.js';
import { stateEvent } from './image.events.js';
import { ImageUploadRepository } from './image-upload.repository.js';
import { VmTemplate } from './vm-template.js';

export const RELEASED = { leaseOwner: null, leaseUntil: null } as const;
export const RESTED = { ...RELEASED, reconcileAt: null, failedAttempts: 0, failingSince: null } as const;

/** How often its host is asked how far it is, and how often when it waits for somebody to go on. */
export const LOOK_MS = 1_000;
const IDLE_LOOK_MS = 5_000;

const lookedAtAgain = (now: Date, waitMs: number) => ({
  ...RELEASED,
  reconcileAt: new Date(now.getTime() + waitMs),
  failedAttempts: 0,
  failingSince: null,
});

/** What an image has, once it is imported. */
export interface ImageSizes {
  readonly sizeBytes: number;
  readonly virtualSizeBytes: number;
}

/** The same of one that is made of a VM: nobody has said before which bytes it has. */
export interface MadeImage extends ImageSizes {
  readonly sha256: string;
}

/** Writes what the worker does into the image, its operation and the outbox, each time in one fenced transaction. */
@Injectable()
export class ImageJournal {
  constructor(
    private readonly change: Change,
    private readonly images: ImageRepository,
    private readonly claims: ImageClaimRepository,
    private readonly operations: OperationRepository,
    private readonly uploads: ImageUploadRepository,
    private readonly template: VmTemplate,
  ) {}

  /** @throws DomainError STALE_FENCE when another worker has it */
  async read({ imageId, fence }: ImageClaim): Promise<Image> {
    const image = await this.images.findAny(imageId);
    if (image?.fence !== fence) throw new DomainError('STALE_FENCE', { imageId });
    return image;
  }

  /** Who is waited for with it; null: nobody. */
  openRequest({ imageId }: ImageClaim): Promise<OpenRequest | null> {
    return this.operations.openRequest(imageId);
  }

  /** For how long it has only failed. */
  failingMs({ imageId }: ImageClaim): Promise<number> {
    return this.images.failingMs(imageId);
  }

  /** Told once for each attempt, however often its host is asked. */
  stepStarted(claim: ImageClaim, step: ImageStep): Promise<void> {
    return this.write(claim, async (tx, { id }, now) => {
      if (await this.operations.isUnderWay(tx, id, step)) return [];
      const begun = { status: 'RUNNING', startedAt: now, attempts: { increment: 1 }, errorCode: null } as const;
      return this.operations.markStep(tx, id, step, begun);
    });
  }

  /** It goes on, and is looked at again soon. When it shall be gone since, that is done now. */
  goesOn(claim: ImageClaim, step: ImageStep, percent: number): Promise<void> {
    return this.write(claim, async (tx, image, now) => {
      if (planImage(image.state) !== step) return this.release(tx, image);
      await this.images.update(tx, image.id, lookedAtAgain(now, LOOK_MS));
      return this.operations.showProgress(tx, image.id, percent);
    });
  }

  /** So much of an upload has come. @param upload as it was before */
  received(claim: ImageClaim, upload: ImageUpload, receivedBytes: number): Promise<void> {
    return this.write(claim, async (tx, image, now) => {
      if (planImage(image.state) !== 'receive-image') return this.release(tx, image);
      await this.uploads.received(tx, upload, receivedBytes);
      const goesOn = BigInt(receivedBytes) !== upload.receivedBytes || upload.receivedBytes === upload.sizeBytes;
      await this.images.update(tx, image.id, lookedAtAgain(now, goesOn ? LOOK_MS : IDLE_LOOK_MS));
      const percent = uploadPercent(receivedBytes, Number(upload.sizeBytes));
      return this.operations.showProgress(tx, image.id, percent);
    });
  }

  /** Its host has it, and has told so. @param step by which it came */
  arrived(claim: ImageClaim, step: ImageStep, image: ImageSizes | MadeImage): Promise<void> {
    const { sizeBytes, virtualSizeBytes, ...hash } = image;
    const facts = { ...hash, sizeBytes: BigInt(sizeBytes), virtualSizeBytes: BigInt(virtualSizeBytes) };
    return this.write(claim, async (tx, before) => {
      if (planImage(before.state) !== step) return this.release(tx, before);
      return this.end(tx, before, step, { ...facts, state: 'READY' });
    });
  }

  /** It is gone. */
  removed(claim: ImageClaim): Promise<void> {
    return this.write(claim, async (tx, image, deletedAt) => {
      await this.images.forgetHosts(tx, image.id);
      return this.end(tx, image, 'remove-image', { state: 'DELETED', deletedAt });
    });
  }

  /** Nothing is to be done. When somebody has asked for something since, it stays due. */
  settle(claim: ImageClaim): Promise<void> {
    return this.write(claim, async (tx, image) => {
      if (planImage(image.state) !== null) return this.release(tx, image);
      await this.images.update(tx, image.id, RESTED);
      return [];
    });
  }

  /** @returns the wait in milliseconds */
  async retryLater(claim: ImageClaim, step: ImageStep | null, error: DomainError): Promise<number> {
    let waitMs = 0;
    await this.write(claim, async (tx, image, now) => {
      const failedAttempts = image.failedAttempts + 1;
      waitMs = backoffMs(failedAttempts);
      const reconcileAt = new Date(now.getTime() + waitMs);
      const failing = { failedAttempts, failingSince: image.failingSince ?? now, reconcileAt };
      await this.images.update(tx, image.id, { ...RELEASED, ...failing });
      if (step === null) return [];
      return this.operations.markStep(tx, image.id, step, { status: 'PENDING', errorCode: error.code });
    });
    return waitMs;
  }

  /** It did not come about, and trying again will not help: it stays so until somebody deletes it. */
  fail(claim: ImageClaim, step: ImageStep, error: DomainError): Promise<void> {
    return this.write(claim, async (tx, image) => {
      // Something else was asked for since.
      if (planImage(image.state) !== step) return this.release(tx, image);
      const { code } = error;
      const message = messageOf(error);
      const failed = { state: 'FAILED', sourceUrl: null, errorCode: code, errorMessage: message } as const;
      await this.uploads.end(tx, image.id);
      if (step === 'capture-image') await this.template.giveUp(tx, image.id);
      const after = await this.images.update(tx, image.id, { ...RESTED, ...failed });
      const stepped = await this.operations.markStep(tx, image.id, step, { status: 'FAILED', errorCode: code });
      const closed = await this.operations.closeOpen(tx, image.id, 'FAILED', { code, message });
      return [...stepped, stateEvent(after, image.state), ...closed];
    });
  }

  private async end(
    tx: Transaction,
    image: Image,
    step: ImageStep,
    data: Prisma.ImageUncheckedUpdateInput,
  ): Promise<EventEnvelope[]> {
    const sound = { sourceUrl: null, errorCode: null, errorMessage: null };
    await this.uploads.end(tx, image.id);
    const after = await this.images.update(tx, image.id, { ...RESTED, ...sound, ...data });
    const finishedAt = await databaseNow(tx);
    const stepped = await this.operations.markStep(tx, image.id, step, { status: 'SUCCEEDED', finishedAt });
    const closed = await this.operations.closeOpen(tx, image.id, 'SUCCEEDED');
    return [...stepped, stateEvent(after, image.state), ...closed];
  }

  /** It is due as the request left it. */
  private async release(tx: Transaction, { id }: Image): Promise<EventEnvelope[]> {
    await this.images.update(tx, id, RELEASED);
    return [];
  }

  private async write(
    claim: ImageClaim,
    work: (tx: Transaction, image: Image, now: Date) => Promise<EventEnvelope[]>,
  ): Promise<void> {
    await this.change.run(async (tx) => {
      const image = await this.claims.lock(tx, claim);
      return { answer: undefined, events: await work(tx, image, await databaseNow(tx)) };
    });
  }
}

/** With what its host has found, where it says so. */
export const messageOf = ({ message, details }: DomainError): string =>
  typeof details['reason'] === 'string' ? `${message}: ${details['reason']}` : message;
