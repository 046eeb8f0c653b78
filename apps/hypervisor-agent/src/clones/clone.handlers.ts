import { cloneDisk, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { DiskCopies } from '../disks/disk-copies.js';
import { VmGate } from '../work/vm-gate.js';
import { DiskCloning } from './disk-cloning.js';

/** Begun within the gate of the new VM, in order, and goes on without it: it must be possible to give it up. */
@Controller()
export class CloneHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly copies: DiskCopies,
    private readonly cloning: DiskCloning,
  ) {}

  @Authorize()
  @HandlesRequest(cloneDisk)
  async clone(
    request: RequestOf<typeof cloneDisk>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof cloneDisk>> {
    const { vmId, sourceVmId, snapshotId } = request;
    const work = await this.gate.perform(request, until, (deadline) =>
      this.copies.join(vmId, `copy of ${snapshotId ?? sourceVmId}`, () => this.cloning.begin(request, deadline)),
    );
    const done = work === undefined ? undefined : await this.copies.outcomeOf(vmId, work, until);
    return done === undefined
      ? { isComplete: false, progressPercent: this.copies.askedAfter(vmId) }
      : { isComplete: true, progressPercent: 100 };
  }
}
