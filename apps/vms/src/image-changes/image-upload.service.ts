import { can } from '@infinibay/access-domain';
import { IMPORTED_IMAGE_VERSION, imageUploadUrl, type Actor } from '@infinibay/contracts';
import { hashOfUploadTicket, imageUploadTicket } from '@infinibay/platform-access';
import { validateInput } from '@infinibay/platform-graphql';
import { databaseNow, newId } from '@infinibay/platform-persistence';
import { Inject, Injectable } from '@nestjs/common';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Image as ImageRow } from '../generated/prisma/client.js';
import { HostRepository } from '../hosts/host.repository.js';
import { ImageAcceptance, type AcceptedImage } from './image-acceptance.js';
import { IMAGE_OPTIONS, type ImageOptions } from './image-options.js';
import { ImagePlacement } from './image-placement.js';
import type { ImageUpload } from './image-upload.model.js';
import { ImageUploadRepository } from './image-upload.repository.js';
import { CreateImageUpload } from './image.inputs.js';

/** Accepts images whose bytes their owner brings. They go to the host, and never through here. */
@Injectable()
export class ImageUploadService {
  constructor(
    private readonly images: ImageRepository,
    private readonly uploads: ImageUploadRepository,
    private readonly placement: ImagePlacement,
    private readonly hosts: HostRepository,
    private readonly acceptance: ImageAcceptance,
    @Inject(IMAGE_OPTIONS) private readonly options: ImageOptions,
  ) {}

  /** @throws DomainError INVALID_INPUT, FORBIDDEN, DEPARTMENT_NOT_FOUND, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, IMAGE_UPLOADS_UNAVAILABLE, POOL_FULL, NO_SUITABLE_POOL, IMAGE_LIMIT_REACHED, NAME_TAKEN */
  create(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(CreateImageUpload, rawInput);
    const prepare = (): Promise<void> => this.placement.requireOwner(actor, input.departmentId);
    return this.acceptance.accept({ actor, key, operation: 'createImageUpload', input, prepare }, async (tx) => {
      const { sizeBytes, hostId: wantedHostId, ...said } = input;
      const hostId = await this.placement.placeUpload(tx, wantedHostId, BigInt(sizeBytes));
      await this.acceptance.requireRoom(tx, said.departmentId);
      const image = await this.images.create(tx, {
        id: newId(),
        ...said,
        version: IMPORTED_IMAGE_VERSION,
        importedById: actor.userId,
        hostId,
        virtualSizeBytes: 0n,
        state: 'UPLOADING',
        reconcileAt: await databaseNow(tx),
      });
      const { id: imageId } = image;
      const ticketSha256 = hashOfUploadTicket(this.ticketOf(imageId, hostId));
      await this.uploads.begin(tx, { imageId, sizeBytes: BigInt(sizeBytes), ticketSha256 });
      return this.acceptance.journal(tx, image, null, { actor, key, kind: 'UPLOAD_IMAGE' });
    });
  }

  /**
   * For who asked for it, also when they ask again: a browser that was closed goes on so.
   * @returns null: it has ended, its host takes none any more, or the right is lost
   */
  async opened(actor: Actor, image: ImageRow): Promise<ImageUpload | null> {
    const { id: imageId, hostId, state, importedById, departmentId } = image;
    const mayUpload = importedById === actor.userId && can(actor, 'create', { kind: 'image', departmentId });
    if (hostId === null || state !== 'UPLOADING' || !mayUpload) return null;
    const [upload, base] = await Promise.all([this.uploads.find(imageId), this.hosts.uploadUrlOf(hostId)]);
    if (upload === null || base === null) return null;
    const { expiresAt } = upload;
    return { url: imageUploadUrl(base, imageId), ticket: this.ticketOf(imageId, hostId), expiresAt };
  }

  private ticketOf(imageId: string, hostId: string): string {
    return imageUploadTicket({ imageId, hostId }, this.options.internalKey);
  }
}
