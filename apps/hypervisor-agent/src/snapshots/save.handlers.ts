import { discardSavedMemory, saveVm, type ReplyOf, type RequestOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesRequest, type RequestMeta } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { Deadline } from '../work/deadline.js';
import { VmGate } from '../work/vm-gate.js';
import { MemorySave } from './memory-save.js';
import { SnapshotWorks } from './snapshot-works.js';

/** Commands of the vms service on the memory of guests, begun and gone on with as those on snapshots. */
@Controller()
export class SaveHandlers {
  constructor(
    private readonly gate: VmGate,
    private readonly works: SnapshotWorks,
    private readonly saves: MemorySave,
  ) {}

  @Authorize()
  @HandlesRequest(saveVm)
  async save(request: RequestOf<typeof saveVm>, { deadline: until }: RequestMeta): Promise<ReplyOf<typeof saveVm>> {
    const done = await this.works.through('save', request, until, (deadline) =>
      this.saves.begin(request.vmId, deadline),
    );
    if (done?.value !== true) return { isComplete: false };
    // What is told may be of a save that nobody asked after: the guest may run again.
    return { isComplete: await this.saves.isKept(request.vmId, new Deadline(until)) };
  }

  @Authorize()
  @HandlesRequest(discardSavedMemory)
  async discard(
    request: RequestOf<typeof discardSavedMemory>,
    { deadline: until }: RequestMeta,
  ): Promise<ReplyOf<typeof discardSavedMemory>> {
    return this.gate.perform(request, until, async (deadline) => {
      this.works.requireNoOther(request.vmId, '');
      return { wasSaved: await this.saves.discard(request.vmId, deadline) };
    });
  }
}
