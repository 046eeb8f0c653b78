import { setCdrom, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { VmGate } from '../work/vm-gate.js';
import { CdromMedia } from './cdrom-media.js';

/** What is in the CD-ROM drive of a VM. */
@Controller()
export class VmCdromHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly media: CdromMedia,
  ) {}

  @Authorize()
  @HandlesRequest(setCdrom)
  async set(request: RequestOf<typeof setCdrom>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof setCdrom>> {
    const { vmId, imageId } = request;
    return { status: await this.gate.perform(request, until, (deadline) => this.media.set(vmId, imageId, deadline)) };
  }
}
