import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { currentContext } from '@infinibay/platform-logging';
import { newId } from '@infinibay/platform-persistence';
import { isUuid, type Mutation, type MutationEffect } from '@infinibay/platform-subgraph';
import type { ImageOperationKind } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { Change, type Transaction } from '../database.js';
import type { Image as ImageRow, ImageState } from '../generated/prisma/client.js';
import { OperationRepository, type NewImageOperation } from '../operations/operation.repository.js';
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

/** By whom something is asked of an image, and what. */
interface SaidOfIt {
  readonly actor: Actor;
  readonly key: string;
  readonly kind: ImageOperationKind;
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

  /**
   * The row, locked until the transaction ends. Everybody sees those for all: of one of these a member hears FORBIDDEN.
   * @param verb what the actor wants to do with it
   * @throws DomainError IMAGE_NOT_FOUND, FORBIDDEN
   */
  async lock(tx: Transaction, actor: Actor, imageId: string, verb: 'create' | 'delete'): Promise<ImageRow> {
    const image = isUuid(imageId) ? await this.images.lock(tx, imageId) : null;
    const resource = { kind: 'image', departmentId: image?.departmentId ?? null } as const;
    if (image === null || image.state === 'DELETED' || !can(actor, 'read', resource))
      throw new DomainError('IMAGE_NOT_FOUND');
    if (!can(actor, verb, resource)) throw new DomainError('FORBIDDEN');
    return image;
  }

  /** The operation on an image as it is now, and what is told of both. @param from what the image was; null: it is new */
  async journal(
    tx: Transaction,
    image: ImageRow,
    from: ImageState | null,
    said: SaidOfIt,
  ): Promise<MutationEffect<AcceptedImage>> {
    const asked = operationOn(image, said);
    const events = await this.operations.addOfImage(tx, asked);
    const answer = { imageId: image.id, operationId: asked.id };
    return { answer, resourceId: image.id, events: [stateEvent(image, from), ...events] };
  }

  /** The same of a copy, which changes nothing of the image, and waits for no other copy of it. */
  async journalCopy(
    tx: Transaction,
    image: ImageRow,
    said: Omit<SaidOfIt, 'kind'>,
  ): Promise<MutationEffect<AcceptedImage>> {
    const asked = operationOn(image, { ...said, kind: 'COPY_IMAGE' });
    const events = await this.operations.addOfCopy(tx, asked);
    return { answer: { imageId: image.id, operationId: asked.id }, resourceId: image.id, events };
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

/** What is for all departments is of none: who asked for it sees its operation, and administrators do. */
const operationOn = ({ id: imageId, departmentId }: ImageRow, { actor, key, kind }: SaidOfIt): NewImageOperation => ({
  id: newId(),
  kind,
  imageId,
  departmentId: departmentId ?? actor.userId,
  actorId: actor.userId,
  idempotencyKey: key,
  correlationId: currentContext().correlationId,
});
