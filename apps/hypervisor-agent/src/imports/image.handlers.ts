import { importImage, removeImage, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { VmGate } from '../work/vm-gate.js';
import { ImageFetcher } from './image-fetcher.js';
import { ImageImports } from './image-imports.js';
import { ImageImporting, type Bring } from './image-importing.js';
import { ImageRemoval } from './image-removal.js';

/** An import is begun within the gate of its image, in order, and goes on without it: it must be possible to give it up. */
@Controller()
export class ImageHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly imports: ImageImports,
    private readonly importing: ImageImporting,
    private readonly fetcher: ImageFetcher,
    private readonly removal: ImageRemoval,
  ) {}

  @Authorize()
  @HandlesRequest(importImage)
  async fetch(
    request: RequestOf<typeof importImage>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof importImage>> {
    const { imageId, fence } = request;
    // Ids of images and VMs are of one kind and never the same.
    const bring: Bring = (stop, tell) => this.fetcher.bring(request, stop, tell);
    const work = await this.gate.perform({ vmId: imageId, fence }, until, () =>
      this.imports.join(imageId, 'import', () => Promise.resolve({ work: this.importing.begin(request, bring) })),
    );
    const done = work === undefined ? undefined : await this.imports.outcomeOf(imageId, work, until);
    if (done !== undefined) return { isComplete: true, progressPercent: 100, ...done.value };
    const progressPercent = this.imports.askedAfter(imageId);
    return { isComplete: false, progressPercent, sizeBytes: null, virtualSizeBytes: null };
  }

  @Authorize()
  @HandlesRequest(removeImage)
  async remove(
    request: RequestOf<typeof removeImage>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof removeImage>> {
    const { imageId, fence } = request;
    const fenced = { vmId: imageId, fence };
    return { removed: await this.gate.perform(fenced, until, (deadline) => this.removal.remove(request, deadline)) };
  }
}
