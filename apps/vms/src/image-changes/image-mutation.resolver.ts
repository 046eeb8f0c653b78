import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Image } from '../catalog/image.model.js';
import type { AcceptedImage } from './image-acceptance.js';
import { ImageChangesService } from './image-changes.service.js';
import { ImageActionInput, ImportImageInput } from './image.inputs.js';
import { ImageOperationResult } from './image-operation-result.model.js';
import { ImageResults } from './image-results.js';

@Resolver(() => Image)
export class ImageMutationResolver {
  constructor(
    private readonly service: ImageChangesService,
    private readonly results: ImageResults,
  ) {}

  @Authorize()
  @Mutation(() => ImageOperationResult, {
    description:
      'Has a host fetch an image, check it and keep it. The operation shows how much of it has come; when it cannot be had, it ends FAILED and so does the image, with one of IMAGE_SOURCE_REFUSED, IMAGE_SOURCE_UNAVAILABLE, IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), POOL_FULL. Errors: FORBIDDEN (an image for all departments, by who is no administrator), DEPARTMENT_NOT_FOUND, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL (no host with storage is heard of), IMAGE_LIMIT_REACHED, NAME_TAKEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  importImage(@Args('input') input: ImportImageInput, @CurrentActor() actor: Actor): Promise<ImageOperationResult> {
    return this.show(actor, this.service.importImage(actor, input));
  }

  @Authorize()
  @Mutation(() => ImageOperationResult, {
    description:
      'Removes an image that was imported, uploaded or made of a VM; one that has not come about yet is given up. Errors: IMAGE_NOT_FOUND, FORBIDDEN (an image for all departments, by who is no administrator), IMAGE_IN_USE (details count the vms and templates that use it), IMAGE_NOT_IMPORTED, IMAGE_BUSY (it is being deleted), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  deleteImage(@Args('input') input: ImageActionInput, @CurrentActor() actor: Actor): Promise<ImageOperationResult> {
    return this.show(actor, this.service.deleteImage(actor, input));
  }

  private async show(actor: Actor, asked: Promise<AcceptedImage>): Promise<ImageOperationResult> {
    return (await this.results.of(actor, await asked)).result;
  }
}
