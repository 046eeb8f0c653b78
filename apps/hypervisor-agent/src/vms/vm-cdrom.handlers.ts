import { ensureEmptyDisk, setCdrom, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DiskService } from '../disks/disk.service.js';
import { VmGate } from '../work/vm-gate.js';
import { CdromMedia } from './cdrom-media.js';

/** What is in the CD-ROM drive of a VM, and the disk that it is installed on. */
@Controller()
export class VmCdromHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly media: CdromMedia,
    private readonly disks: DiskService,
  ) {}

  @Authorize()
  @HandlesRequest(setCdrom)
  async set(request: RequestOf<typeof setCdrom>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof setCdrom>> {
    const { vmId, imageId } = request;
    return { status: await this.gate.perform(request, until, (deadline) => this.media.set(vmId, imageId, deadline)) };
  }

  @Authorize()
  @HandlesRequest(ensureEmptyDisk)
  async ensureEmptyDisk(
    request: RequestOf<typeof ensureEmptyDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof ensureEmptyDisk>> {
    const { vmId, imageId, capacityBytes } = request;
    const created = await this.gate.perform(request, until, (deadline) =>
      this.disks.ensureEmpty(vmId, imageId, capacityBytes, deadline),
    );
    return { created };
  }
}
