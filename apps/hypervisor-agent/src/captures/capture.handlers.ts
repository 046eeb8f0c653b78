import { captureImage, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';
import { ImageStore } from '../images/image.store.js';
import { ImageImporting, type Bring } from '../imports/image-importing.js';
import { ImageImports } from '../imports/image-imports.js';
import { VmGate } from '../work/vm-gate.js';
import { ImageCapturing } from './image-capturing.js';

/** An import whose bytes are on this host already: begun within the gate of its image, and given up as imports are. */
@Controller()
export class CaptureHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly imports: ImageImports,
    private readonly importing: ImageImporting,
    private readonly capturing: ImageCapturing,
    private readonly copies: DiskCopies,
    private readonly store: ImageStore,
  ) {}

  @Authorize()
  @HandlesRequest(captureImage)
  async capture(
    request: RequestOf<typeof captureImage>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof captureImage>> {
    const { imageId, fence } = request;
    const wanted = { imageId, sha256: null };
    const bring: Bring = (stop, tell) => this.capturing.bring(request, stop, tell);
    const work = await this.gate.perform({ vmId: imageId, fence }, until, () =>
      this.imports.join(imageId, 'capture', () => Promise.resolve({ work: this.importing.begin(wanted, bring) })),
    );
    const done = work === undefined ? undefined : await this.imports.outcomeOf(imageId, work, until);
    // What reads the disk of the VM ends too when nobody asks.
    this.copies.askedAfter(imageId);
    const progressPercent = this.imports.askedAfter(imageId);
    const sha256 = done === undefined ? undefined : (await this.store.find(imageId))?.image.sha256;
    // Taken away since: who asks again hears why.
    if (done === undefined || sha256 === undefined)
      return { isComplete: false, progressPercent, sizeBytes: null, virtualSizeBytes: null, sha256: null };
    return { isComplete: true, progressPercent: 100, ...done.value, sha256 };
  }
}
