import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { databaseNow } from '@infinibay/platform-persistence';
import { backoffMs } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { Change, type Transaction } from '../database.js';
import type { ImageCopy, Prisma } from '../generated/prisma/client.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { OperationRepository, type OpenRequest } from '../operations/operation.repository.js';
import { ImageClaimRepository, type ImageClaim } from './image-claim.repository.js';
import { LOOK_MS, RELEASED, RESTED, messageOf } from './image.journal.js';

/** What became of a copy that was given up: it goes on for VMs, its host has removed it, or what is there was left alone. */
export type LeftOfCopy = 'kept' | 'removed' | 'alone';

/** What a look at a copy has come to. */
export type CopyOutcome =
  | {
      readonly kind: 'goesOn';
      readonly receivedBytes: number;
      readonly percent: number;
      readonly sourceHostId: string;
    }
  /** Its host has it, and has told so. */
  | { readonly kind: 'arrived' }
  /** It failed for now. @param sourceHostId that it is read from next */
  | { readonly kind: 'again'; readonly error: DomainError; readonly sourceHostId: string | null }
  | { readonly kind: 'failed'; readonly error: DomainError }
  /** Nobody wants it any more, or who waited for it does not; then it is kept for VMs that wait too. */
  | { readonly kind: 'givenUp'; readonly isCancelled: boolean; readonly left: LeftOfCopy };

export interface FoundCopy {
  readonly copy: ImageCopy;
  readonly outcome: CopyOutcome;
}

const STEP = 'copy-image';

const later = (now: Date, waitMs: number): Date => new Date(now.getTime() + waitMs);

/** Writes what became of the copies of an image, with their operations and the outbox, in one fenced transaction. */
@Injectable()
export class ImageCopyJournal {
  constructor(
    private readonly change: Change,
    private readonly claims: ImageClaimRepository,
    private readonly images: ImageRepository,
    private readonly copies: ImageCopyRepository,
    private readonly operations: OperationRepository,
  ) {}

  /** Who waits for it; null: nobody but VMs. */
  async requestOf({ operationId }: ImageCopy): Promise<OpenRequest | null> {
    return operationId === null ? null : this.operations.openById(operationId);
  }

  /** Whether its host has told that it has the image. */
  isThere({ imageId, hostId }: ImageCopy): Promise<boolean> {
    return this.images.isOn(hostId, imageId);
  }

  /** The image is due again with the next of its copies, and at rest when none is under way. @throws DomainError STALE_FENCE */
  async record(claim: ImageClaim, found: readonly FoundCopy[]): Promise<void> {
    await this.change.run(async (tx) => {
      const { id, state } = await this.claims.lock(tx, claim);
      const events: EventEnvelope[] = [];
      // It shall be gone since, with all that has come of it: it is due as the request left it.
      if (state !== 'READY') {
        await this.images.update(tx, id, RELEASED);
        return { answer: undefined, events };
      }
      const now = await databaseNow(tx);
      for (const one of found) events.push(...(await this.write(tx, one, now)));
      await this.images.update(tx, id, { ...RESTED, reconcileAt: await this.copies.nextDue(tx, id) });
      return { answer: undefined, events };
    });
  }

  private async write(tx: Transaction, { copy, outcome }: FoundCopy, now: Date): Promise<EventEnvelope[]> {
    const { id, imageId, hostId } = copy;
    const known = await this.copies.find(tx, imageId, hostId);
    // Another attempt has taken its place.
    if (known?.id !== id) return [];
    switch (outcome.kind) {
      case 'goesOn': {
        const { receivedBytes, percent, sourceHostId } = outcome;
        const progress = { receivedBytes: BigInt(receivedBytes), sourceHostId, dueAt: later(now, LOOK_MS) };
        await this.copies.update(tx, id, { ...progress, failedAttempts: 0, failingSince: null });
        return this.progressed(tx, known, percent, now);
      }
      case 'arrived':
        await this.copies.remove(tx, known);
        return this.end(tx, known, null, now);
      case 'again': {
        const { error, sourceHostId } = outcome;
        const failedAttempts = known.failedAttempts + 1;
        const mismatches = known.mismatches + (error.code === 'IMAGE_CHECKSUM_MISMATCH' ? 1 : 0);
        const failing = { failedAttempts, mismatches, failingSince: known.failingSince ?? now, sourceHostId };
        await this.copies.update(tx, id, { ...failing, dueAt: later(now, backoffMs(failedAttempts)) });
        return this.mark(tx, known, { status: 'PENDING', errorCode: error.code });
      }
      case 'failed': {
        const { error } = outcome;
        const failure = { errorCode: error.code, errorMessage: messageOf(error) };
        await this.copies.update(tx, id, { ...failure, failedAt: now, operationId: null });
        return this.end(tx, known, error, now);
      }
      case 'givenUp':
        return this.givenUp(tx, known, copy, outcome, now);
    }
  }

  /** Whoever has asked for it since has it begun anew. */
  private async givenUp(
    tx: Transaction,
    known: ImageCopy,
    seen: ImageCopy,
    { isCancelled, left }: Extract<CopyOutcome, { readonly kind: 'givenUp' }>,
    now: Date,
  ): Promise<EventEnvelope[]> {
    const isAskedSince = known.operationId !== seen.operationId;
    if (isAskedSince) await this.copies.update(tx, known.id, { dueAt: now });
    else if (left === 'kept') await this.copies.update(tx, known.id, { dueAt: now, operationId: null });
    else await this.copies.forget(tx, known, left === 'removed');
    if (!isCancelled || isAskedSince) return [];
    return this.end(tx, known, new DomainError('OPERATION_CANCELLED', { imageId: known.imageId }), now);
  }

  /** Told once for each attempt, however often its host is asked. */
  private async progressed(tx: Transaction, copy: ImageCopy, percent: number, now: Date): Promise<EventEnvelope[]> {
    const { operationId } = copy;
    if (operationId === null) return [];
    const isBegun = await this.operations.isUnderWay(tx, { operationId }, STEP);
    const begun = { status: 'RUNNING', startedAt: now, attempts: { increment: 1 }, errorCode: null } as const;
    const told = isBegun ? [] : await this.mark(tx, copy, begun);
    return [...told, ...(await this.operations.showProgress(tx, { operationId }, percent))];
  }

  private async mark(
    tx: Transaction,
    { operationId }: ImageCopy,
    change: Prisma.OperationStepUpdateManyMutationInput,
  ): Promise<EventEnvelope[]> {
    return operationId === null ? [] : this.operations.markStep(tx, { operationId }, STEP, change);
  }

  /** @param error why it came to nothing; null: it has come about */
  private async end(
    tx: Transaction,
    copy: ImageCopy,
    error: DomainError | null,
    finishedAt: Date,
  ): Promise<EventEnvelope[]> {
    const { operationId } = copy;
    if (operationId === null) return [];
    if (error === null) {
      const stepped = await this.mark(tx, copy, { status: 'SUCCEEDED', finishedAt });
      return [...stepped, ...(await this.operations.closeOpen(tx, { operationId }, 'SUCCEEDED'))];
    }
    const failure = { code: error.code, message: messageOf(error) };
    const stepped = await this.mark(tx, copy, { status: 'FAILED', errorCode: error.code });
    return [...stepped, ...(await this.operations.closeOpen(tx, { operationId }, 'FAILED', failure))];
  }
}
