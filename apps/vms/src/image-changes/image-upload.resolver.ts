import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { CreateImageUploadInput } from './image.inputs.js';
import { ImageResults } from './image-results.js';
import { ImageUploadResult } from './image-upload.model.js';
import { ImageUploadService } from './image-upload.service.js';

@Resolver(() => ImageUploadResult)
export class ImageUploadResolver {
  constructor(
    private readonly service: ImageUploadService,
    private readonly results: ImageResults,
  ) {}

  @Authorize()
  @Mutation(() => ImageUploadResult, {
    description:
      'Has a host take an image that you send to it, check it and keep it. Its bytes go straight to the host and may break off as often as they will. The operation shows how much has come; when nothing comes for a day, or it is not what was said, it ends FAILED and so does the image, with one of IMAGE_UPLOAD_ENDED, IMAGE_TOO_LARGE, IMAGE_CHECKSUM_MISMATCH, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host). deleteImage gives it up. The same key gives you the same upload again while it goes on. Errors: FORBIDDEN (an image for all departments, by who is no administrator), DEPARTMENT_NOT_FOUND, HOST_NOT_FOUND, HOST_IN_MAINTENANCE, IMAGE_UPLOADS_UNAVAILABLE, POOL_FULL, NO_SUITABLE_POOL (no host with storage is heard of), IMAGE_LIMIT_REACHED, NAME_TAKEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  async createImageUpload(
    @Args('input') input: CreateImageUploadInput,
    @CurrentActor() actor: Actor,
  ): Promise<ImageUploadResult> {
    const { row, result } = await this.results.of(actor, await this.service.create(actor, input));
    return { ...result, upload: await this.service.opened(actor, row) };
  }
}
