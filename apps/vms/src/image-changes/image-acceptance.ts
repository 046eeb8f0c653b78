import { DomainError, type Actor } from '@infinibay/contracts';
import { currentContext } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import type { Mutation, MutationEffect } from '@infinibay/platform-subgraph';
import type { ImageOperationKind } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { Change, type Transaction } from '../database.js';
import type { Image as ImageRow, ImageState } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { stateEvent } from './image.events.js';
import { IMAGE_OPTIONS, type ImageOptions } from './image-options.js';
import { ImageReconciler } from './image.reconciler.js';

/** Ids of what a mutation accepted; also what a repeated call with the same key gets. */
export interface AcceptedImage {
  readonly imageId: string;
  readonly operationId: string;
  /** Of a template that is made with it. */
  readonly templateId?: string;
}

/** What all that is asked of images has in common. */
@Injectable()
export class ImageAcceptance {
  constructor(
    private readonly change: Change,
    private readonly images: ImageRepository,
    private readonly operations: OperationRepository,
    private readonly reconciler: ImageReconciler,
    @Inject(IMAGE_OPTIONS) private readonly options: ImageOptions,
  ) {}

  /** @param departmentId null: of those for all there is no limit @throws DomainError IMAGE_LIMIT_REACHED */
  async requireRoom(tx: Transaction, departmentId: string | null): Promise<void> {
    if (departmentId === null) return;
    const { perDepartment: limit } = this.options;
    if ((await this.images.countOf(tx, departmentId)) >= limit) throw new DomainError('IMAGE_LIMIT_REACHED', { limit });
  }

  /** The operation on an image as it is now, and what is told of both. @param from what the image was; null: it is new */
  async journal(
    tx: Transaction,
    image: ImageRow,
    from: ImageState | null,
    { actor, key, kind }: { readonly actor: Actor; readonly key: string; readonly kind: ImageOperationKind },
  ): Promise<MutationEffect<AcceptedImage>> {
    const { id: imageId } = image;
    const operationId = newId();
    const { correlationId } = currentContext();
    // What is for all departments is of none: who asked for it sees its operation, and administrators do.
    const departmentId = image.departmentId ?? actor.userId;
    const asked = { id: operationId, kind, imageId, departmentId, actorId: actor.userId };
    const events = await this.operations.addOfImage(tx, { ...asked, idempotencyKey: key, correlationId });
    return { answer: { imageId, operationId }, resourceId: imageId, events: [stateEvent(image, from), ...events] };
  }

  /** Rows stay when the image is gone: ids are answer enough, and who answers with them checks who may see them. */
  accept<Prepared>(
    asked: Omit<Mutation<Prepared, AcceptedImage, AcceptedImage>, 'resourceKind' | 'show' | 'wake'>,
    work: (tx: Transaction) => Promise<MutationEffect<AcceptedImage>>,
  ): Promise<AcceptedImage> {
    const show = (stored: AcceptedImage): AcceptedImage => stored;
    const wake = (): void => {
      this.reconciler.wake();
    };
    return this.change.commit({ ...asked, resourceKind: 'image', show, wake }, work);
  }
}
