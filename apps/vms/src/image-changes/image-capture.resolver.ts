import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { TemplateRepository } from '../catalog/template.repository.js';
import { ImageCaptureService } from './image-capture.service.js';
import { ImageOfVmInput } from './image.inputs.js';
import { ImageOperationResult } from './image-operation-result.model.js';
import { ImageResults } from './image-results.js';
import { VmTemplateResult } from './vm-template-result.model.js';

@Resolver(() => ImageOperationResult)
export class ImageCaptureResolver {
  constructor(
    private readonly service: ImageCaptureService,
    private readonly results: ImageResults,
    private readonly templates: TemplateRepository,
  ) {}

  @Authorize()
  @Mutation(() => ImageOperationResult, {
    description:
      'Makes an image of the disk of a VM that is off, for the department of the VM, on its host: what the disk holds now, with what it reads from its own image, and without its volumes and snapshots. The VM stays. Until the image is made nothing is accepted for the VM but cloneVm, another image of it, and deleteVm, which waits for a copy that has begun. What is inside the guest is copied as it is (accounts, host keys of SSH, machine-id): generalise it before. The operation shows how much is copied; when the image can not be made, it ends FAILED and so does the image, with one of CLONE_SOURCE_UNUSABLE, IMAGE_UNUSABLE, IMAGE_LIMIT_REACHED (of the host), POOL_FULL. deleteImage gives it up. Errors: VM_NOT_FOUND, VM_BUSY (it is not STOPPED, or something is being done to it), VM_MEMORY_SAVED, DELETION_SCHEDULED, FIRMWARE_STATE_NOT_COPIED, HOST_IN_MAINTENANCE, POOL_FULL, NO_SUITABLE_POOL (its host is not heard of), IMAGE_LIMIT_REACHED, NAME_TAKEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  async createImageFromVm(
    @Args('input') input: ImageOfVmInput,
    @CurrentActor() actor: Actor,
  ): Promise<ImageOperationResult> {
    return (await this.results.of(actor, await this.service.create(actor, input))).result;
  }

  @Authorize()
  @Mutation(() => VmTemplateResult, {
    description:
      'Makes an image of a VM as createImageFromVm does, and a template of the name of the image, for the department of the VM, that has the sizes, the hardware and the autostart of the VM. No VM is made of the template before the image is READY (IMAGE_BUSY). The template goes when the image can not be made, or is given up by deleteImage before it is. What cloud-init finds is not taken over. The VM stays: deleteVm removes it. Errors: those of createImageFromVm, and TOO_MANY_TEMPLATES',
  })
  async convertVmToTemplate(
    @Args('input') input: ImageOfVmInput,
    @CurrentActor() actor: Actor,
  ): Promise<VmTemplateResult> {
    const accepted = await this.service.convert(actor, input);
    const { operation, image } = (await this.results.of(actor, accepted)).result;
    const { templateId } = accepted;
    const template = templateId === undefined ? null : await this.templates.findVisible(actor, templateId);
    return { operation, image, template };
  }
}
