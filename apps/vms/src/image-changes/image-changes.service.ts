import { can } from '@infinibay/access-domain';
import { DomainError, IMPORTED_IMAGE_VERSION, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { currentContext } from '@infinibay/platform-logging';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { isUuid, type Mutation, type MutationEffect } from '@infinibay/platform-subgraph';
import type { ImageOperationKind } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import { Change, type Transaction } from '../database.js';
import type { Image as ImageRow, ImageState } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { stateEvent } from './image.events.js';
import { ImageAction, ImportImage } from './image.inputs.js';
import { IMAGE_OPTIONS, type ImageOptions } from './image-options.js';
import { ImagePlacement } from './image-placement.js';
import { ImageReconciler } from './image.reconciler.js';

/** Ids of what a mutation accepted; also what a repeated call with the same key gets. */
export interface AcceptedImage {
  readonly imageId: string;
  readonly operationId: string;
}

/** In these an image may be deleted. */
const DELETABLE: readonly ImageState[] = ['IMPORTING', 'READY', 'FAILED'];

/** Accepts what users want of images. The doing is the reconciler's. */
@Injectable()
export class ImageChangesService {
  constructor(
    private readonly change: Change,
    private readonly images: ImageRepository,
    private readonly placement: ImagePlacement,
    private readonly operations: OperationRepository,
    private readonly reconciler: ImageReconciler,
    @Inject(IMAGE_OPTIONS) private readonly options: ImageOptions,
  ) {}

  /** @throws DomainError INVALID_INPUT, FORBIDDEN, DEPARTMENT_NOT_FOUND, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL, IMAGE_LIMIT_REACHED, NAME_TAKEN */
  importImage(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(ImportImage, rawInput);
    const prepare = (): Promise<void> => this.placement.requireOwner(actor, input.departmentId);
    return this.accept({ actor, key, operation: 'importImage', input, prepare }, async (tx) => {
      const { url: sourceUrl, hostId: wantedHostId, ...said } = input;
      const hostId = await this.placement.place(tx, wantedHostId);
      if (said.departmentId !== null) await this.requireRoom(tx, said.departmentId);
      const image = await this.images.create(tx, {
        id: newId(),
        ...said,
        version: IMPORTED_IMAGE_VERSION,
        importedById: actor.userId,
        hostId,
        sourceUrl,
        virtualSizeBytes: 0n,
        state: 'IMPORTING',
        reconcileAt: await databaseNow(tx),
      });
      return this.journal(tx, image, null, { actor, key, kind: 'IMPORT_IMAGE' });
    });
  }

  /** @throws DomainError INVALID_INPUT, IMAGE_NOT_FOUND, FORBIDDEN, IMAGE_NOT_IMPORTED, IMAGE_BUSY, IMAGE_IN_USE */
  deleteImage(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(ImageAction, rawInput);
    return this.accept({ actor, key, operation: 'deleteImage', input }, async (tx) => {
      const image = await this.lock(tx, actor, input.imageId);
      const { id, state } = image;
      if (image.importedById === null) throw new DomainError('IMAGE_NOT_IMPORTED');
      if (!DELETABLE.includes(state)) throw new DomainError('IMAGE_BUSY', { state });
      const uses = await this.images.uses(tx, id);
      if (uses.vms + uses.templates > 0) throw new DomainError('IMAGE_IN_USE', { ...uses });
      const condemned = await this.images.update(tx, id, {
        state: 'DELETING',
        activeNameKey: null,
        sourceUrl: null,
        errorCode: null,
        errorMessage: null,
        failedAttempts: 0,
        failingSince: null,
        reconcileAt: await databaseNow(tx),
      });
      return this.journal(tx, condemned, state, { actor, key, kind: 'DELETE_IMAGE' });
    });
  }

  /** @throws DomainError IMAGE_LIMIT_REACHED */
  private async requireRoom(tx: Transaction, departmentId: string): Promise<void> {
    const { perDepartment: limit } = this.options;
    if ((await this.images.countOf(tx, departmentId)) >= limit) throw new DomainError('IMAGE_LIMIT_REACHED', { limit });
  }

  /** Everybody sees those for all: of one of these a member hears FORBIDDEN. */
  private async lock(tx: Transaction, actor: Actor, imageId: string): Promise<ImageRow> {
    const image = isUuid(imageId) ? await this.images.lock(tx, imageId) : null;
    const resource = { kind: 'image', departmentId: image?.departmentId ?? null } as const;
    if (image === null || image.state === 'DELETED' || !can(actor, 'read', resource))
      throw new DomainError('IMAGE_NOT_FOUND');
    if (!can(actor, 'delete', resource)) throw new DomainError('FORBIDDEN');
    return image;
  }

  private async journal(
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

  /** Rows of images and operations stay when the image is gone: ids are answer enough, the resolver checks who may see them. */
  private accept<Prepared>(
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
