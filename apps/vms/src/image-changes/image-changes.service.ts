import { DomainError, IMPORTED_IMAGE_VERSION, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { ImageState } from '../generated/prisma/client.js';
import { ImageAcceptance, type AcceptedImage } from './image-acceptance.js';
import { ImageUploadRepository } from './image-upload.repository.js';
import { ImageAction, ImportImage } from './image.inputs.js';
import { ImagePlacement } from './image-placement.js';
import { VmTemplate } from './vm-template.js';

/** In these an image may be deleted. */
const DELETABLE: readonly ImageState[] = ['IMPORTING', 'UPLOADING', 'CAPTURING', 'READY', 'FAILED'];

/** Accepts what users want of images. The doing is the reconciler's. */
@Injectable()
export class ImageChangesService {
  constructor(
    private readonly images: ImageRepository,
    private readonly uploads: ImageUploadRepository,
    private readonly placement: ImagePlacement,
    private readonly acceptance: ImageAcceptance,
    private readonly template: VmTemplate,
  ) {}

  /** @throws DomainError INVALID_INPUT, FORBIDDEN, DEPARTMENT_NOT_FOUND, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL, IMAGE_LIMIT_REACHED, NAME_TAKEN */
  importImage(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(ImportImage, rawInput);
    const prepare = (): Promise<void> => this.placement.requireOwner(actor, input.departmentId);
    return this.acceptance.accept({ actor, key, operation: 'importImage', input, prepare }, async (tx) => {
      const { url: sourceUrl, hostId: wantedHostId, ...said } = input;
      const hostId = await this.placement.place(tx, wantedHostId);
      await this.acceptance.requireRoom(tx, said.departmentId);
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
      return this.acceptance.journal(tx, image, null, { actor, key, kind: 'IMPORT_IMAGE' });
    });
  }

  /** @throws DomainError INVALID_INPUT, IMAGE_NOT_FOUND, FORBIDDEN, IMAGE_NOT_IMPORTED, IMAGE_BUSY, IMAGE_IN_USE */
  deleteImage(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(ImageAction, rawInput);
    return this.acceptance.accept({ actor, key, operation: 'deleteImage', input }, async (tx) => {
      const image = await this.acceptance.lock(tx, actor, input.imageId, 'delete');
      const { id, state } = image;
      if (image.importedById === null) throw new DomainError('IMAGE_NOT_IMPORTED');
      if (!DELETABLE.includes(state)) throw new DomainError('IMAGE_BUSY', { state });
      if (state === 'CAPTURING') await this.template.giveUp(tx, id);
      const uses = await this.images.uses(tx, id);
      if (uses.vms + uses.templates > 0) throw new DomainError('IMAGE_IN_USE', { ...uses });
      await this.uploads.end(tx, id);
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
      return this.acceptance.journal(tx, condemned, state, { actor, key, kind: 'DELETE_IMAGE' });
    });
  }
}
