import { stat } from 'node:fs/promises';
import { DomainError, copyImage, offerImage, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller, Inject } from '@nestjs/common';
import { AGENT_CONFIG, imageCopyUrlOf, type AgentConfig } from '../config.js';
import { ImageStore } from '../images/image.store.js';
import { ImageImports } from '../imports/image-imports.js';
import { VmGate } from '../work/vm-gate.js';
import { ImageCopying } from './image-copying.js';
import { ImageOffers } from './image-offers.js';

/** Copies of images: what this host lets others read, and what it reads of them. */
@Controller()
export class CopyHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly imports: ImageImports,
    private readonly copying: ImageCopying,
    private readonly offers: ImageOffers,
    private readonly store: ImageStore,
    @Inject(AGENT_CONFIG) private readonly config: AgentConfig,
  ) {}

  /** It changes nothing of the image, and ends by itself: no fence is needed. */
  @Authorize()
  @HandlesRequest(offerImage)
  async offer({ imageId, sha256, ticketSha256 }: RequestOf<typeof offerImage>): Promise<ReplyOf<typeof offerImage>> {
    if (imageCopyUrlOf(this.config) === undefined)
      throw new DomainError('IMAGE_SOURCE_AWAY', { reason: 'the host has no address for that' });
    const renewed = this.offers.renewed(imageId, ticketSha256);
    if (renewed !== undefined) return { sizeBytes: renewed.sizeBytes };
    const found = await this.store.find(imageId);
    if (found?.refusal !== null || found.image.sha256 !== sha256) throw new DomainError('IMAGE_NOT_FOUND', { imageId });
    const { path } = found.image;
    const { size: sizeBytes } = await stat(path);
    this.offers.make(imageId, ticketSha256, { path, sizeBytes });
    return { sizeBytes };
  }

  @Authorize()
  @HandlesRequest(copyImage)
  async copy(
    request: RequestOf<typeof copyImage>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof copyImage>> {
    const { imageId, fence } = request;
    // Ids of images and VMs are of one kind and never the same.
    const work = await this.gate.perform({ vmId: imageId, fence }, until, () => this.copying.begin(request));
    const done = work === undefined ? undefined : await this.imports.outcomeOf(imageId, work, until);
    if (done !== undefined) {
      const { sizeBytes, virtualSizeBytes } = done.value;
      return { isComplete: true, receivedBytes: sizeBytes, virtualSizeBytes };
    }
    this.imports.askedAfter(imageId);
    return { isComplete: false, receivedBytes: await this.copying.receivedBytes(request), virtualSizeBytes: null };
  }
}
