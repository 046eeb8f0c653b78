import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { ImageCopyService } from './image-copy.service.js';
import { CopyImageInput } from './image.inputs.js';
import { ImageOperationResult } from './image-operation-result.model.js';
import { ImageResults } from './image-results.js';

@Resolver(() => ImageOperationResult)
export class ImageCopyResolver {
  constructor(
    private readonly service: ImageCopyService,
    private readonly results: ImageResults,
  ) {}

  @Authorize()
  @Mutation(() => ImageOperationResult, {
    description:
      'Has a further host get an image that was imported, uploaded or made of a VM, straight from a host that has it. The image is READY and in use meanwhile; Image.hosts says how each copy stands. The operation shows how much has come, goes on from another host when one does not send it any more, and is taken back by cancelOperation; when it can not be made it ends FAILED with one of IMAGE_SOURCE_AWAY, UNSUPPORTED_BY_DRIVER (an agent is too old), IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), IMAGE_SOURCE_UNAVAILABLE and DEADLINE_EXCEEDED (it took too long), POOL_FULL, HOST_UNAVAILABLE, STORAGE_UNAVAILABLE. Asked for again while it goes on, it is the same operation; on a host that has the image it has succeeded. Errors: IMAGE_NOT_FOUND, FORBIDDEN (an image for all departments, by who is no administrator), IMAGE_NOT_IMPORTED, IMAGE_BUSY (it is not READY), HOST_NOT_FOUND, HOST_IN_MAINTENANCE, UNSUPPORTED_BY_DRIVER, IMAGE_SOURCE_AWAY, POOL_FULL, NO_SUITABLE_POOL (the host is not heard of), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  async copyImage(@Args('input') input: CopyImageInput, @CurrentActor() actor: Actor): Promise<ImageOperationResult> {
    return (await this.results.of(actor, await this.service.copy(actor, input))).result;
  }
}
