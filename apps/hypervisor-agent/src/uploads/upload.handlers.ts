import { receiveImage, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { ImageImports } from '../imports/image-imports.js';
import { VmGate } from '../work/vm-gate.js';
import { ImageReceiving } from './image-receiving.js';

@Controller()
export class UploadHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly imports: ImageImports,
    private readonly receiving: ImageReceiving,
  ) {}

  @Authorize()
  @HandlesRequest(receiveImage)
  async receive(
    request: RequestOf<typeof receiveImage>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof receiveImage>> {
    const { imageId, fence, sizeBytes } = request;
    // Ids of images and VMs are of one kind and never the same.
    const work = await this.gate.perform({ vmId: imageId, fence }, until, () => this.receiving.begin(request));
    const done = work === undefined ? undefined : await this.imports.outcomeOf(imageId, work, until);
    if (done !== undefined)
      return { isComplete: true, receivedBytes: sizeBytes, virtualSizeBytes: done.value.virtualSizeBytes };
    this.imports.askedAfter(imageId);
    // What is being looked at has come: it leaves the place that it was written to before it is told to be there.
    const receivedBytes = work === undefined ? await this.receiving.receivedBytes(imageId) : sizeBytes;
    return { isComplete: false, receivedBytes, virtualSizeBytes: null };
  }
}
