import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { toImage } from '../catalog/image.mapper.js';
import { ImageRepository } from '../catalog/image.repository.js';
import type { Image as ImageRow } from '../generated/prisma/client.js';
import { toOperation } from '../operations/operation.mapper.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { visibleOperations } from '../operations/operation.service.js';
import type { AcceptedImage } from './image-acceptance.js';
import type { ImageOperationResult } from './image-operation-result.model.js';

/** What an accepted request on an image answers. */
@Injectable()
export class ImageResults {
  constructor(
    private readonly operations: OperationRepository,
    private readonly images: ImageRepository,
  ) {}

  /**
   * A repeated call may come after the image is gone: its row stays and still answers.
   * @throws DomainError IMAGE_NOT_FOUND
   */
  async of(
    actor: Actor,
    { imageId, operationId }: AcceptedImage,
  ): Promise<{ readonly row: ImageRow; readonly result: ImageOperationResult }> {
    const [row, operation] = await Promise.all([
      this.images.findRow(actor, imageId),
      this.operations.find(operationId, visibleOperations(actor)),
    ]);
    if (row === null || operation === null) throw new DomainError('IMAGE_NOT_FOUND');
    return { row, result: { image: toImage(row), operation: toOperation(operation) } };
  }
}
