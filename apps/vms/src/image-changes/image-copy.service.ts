import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid, type MutationEffect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { ImageCopy, Image as ImageRow } from '../generated/prisma/client.js';
import { HostRepository } from '../hosts/host.repository.js';
import { ImageCopyRepository } from '../hosts/image-copy.repository.js';
import { ImageAcceptance, type AcceptedImage } from './image-acceptance.js';
import { CopyImage } from './image.inputs.js';
import { ImagePlacement } from './image-placement.js';

/** Accepts that further hosts get an image. Its bytes go from host to host, and never through here. */
@Injectable()
export class ImageCopyService {
  constructor(
    private readonly copies: ImageCopyRepository,
    private readonly hosts: HostRepository,
    private readonly placement: ImagePlacement,
    private readonly acceptance: ImageAcceptance,
  ) {}

  /**
   * A copy that somebody waits for already is theirs and whoever asks again's: both get the one operation.
   * @throws DomainError INVALID_INPUT, IMAGE_NOT_FOUND, FORBIDDEN, IMAGE_NOT_IMPORTED, IMAGE_BUSY, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, UNSUPPORTED_BY_DRIVER, IMAGE_SOURCE_AWAY, POOL_FULL, NO_SUITABLE_POOL
   */
  copy(actor: Actor, rawInput: unknown): Promise<AcceptedImage> {
    const { idempotencyKey: key, ...input } = validateInput(CopyImage, rawInput);
    return this.acceptance.accept({ actor, key, operation: 'copyImage', input }, async (tx) => {
      const image = await this.acceptance.lock(tx, actor, input.imageId, 'create');
      const { state } = image;
      if (image.importedById === null) throw new DomainError('IMAGE_NOT_IMPORTED');
      if (state !== 'READY') throw new DomainError('IMAGE_BUSY', { state });
      const { hostId } = input;
      if (!isUuid(hostId) || !(await this.hosts.isKnown(tx, hostId))) throw new DomainError('HOST_NOT_FOUND');
      return this.begin(tx, image, hostId, { actor, key });
    });
  }

  private async begin(
    tx: Transaction,
    image: ImageRow,
    hostId: string,
    said: { readonly actor: Actor; readonly key: string },
  ): Promise<MutationEffect<AcceptedImage>> {
    const { id: imageId } = image;
    const known = await this.copies.find(tx, imageId, hostId);
    const underWay = known?.failedAt === null ? known : null;
    const waiting = underWay?.operationId ?? null;
    if (waiting !== null) {
      await this.copies.hurry(tx, imageId);
      return { answer: { imageId, operationId: waiting }, resourceId: imageId, events: [] };
    }
    const isAnew = underWay === null && !(await this.copies.isThere(tx, imageId, hostId));
    if (isAnew) await this.requireCopyable(tx, image, hostId);
    const accepted = await this.acceptance.journalCopy(tx, image, said);
    const { operationId } = accepted.answer;
    // One that VMs wait for goes on, and is waited for by one more. One that is there already is looked at, and over.
    if (underWay === null) await this.copies.begin(tx, { imageId, hostId, operationId });
    else await this.join(tx, underWay, operationId);
    return accepted;
  }

  /** It is looked at now: an instance of before, which knows no copies, may have taken the image for being at rest. */
  private async join(tx: Transaction, { id, imageId }: ImageCopy, operationId: string): Promise<void> {
    await this.copies.update(tx, id, { operationId });
    await this.copies.hurry(tx, imageId);
  }

  private async requireCopyable(tx: Transaction, image: ImageRow, hostId: string): Promise<void> {
    await this.placement.requirePlaceOn(tx, hostId, image.sizeBytes ?? 0n);
    if ((await this.copies.senders(image.id, hostId, tx)).length > 0) return;
    const message = 'No host that has the image can send it: none is heard of, or none has an address for that';
    throw new DomainError('IMAGE_SOURCE_AWAY', { imageId: image.id }, { message });
  }
}
