import {
  prepareVmFilter,
  protectVm,
  releaseVmFilter,
  unprotectVm,
  vmDeleted,
  vmJoinedDepartment,
  type EventDataOf,
  type EventEnvelope,
  type ReplyOf,
  type RequestOf,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesEvent, HandlesRequest } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { FilterWorker } from './filter.worker.js';
import { ProtectionService } from './protection.service.js';

/** The firewall service's edge on NATS. */
@Controller()
export class ProtectionController {
  constructor(
    private readonly protection: ProtectionService,
    private readonly worker: FilterWorker,
  ) {}

  @Authorize()
  @HandlesRequest(protectVm)
  protect(request: RequestOf<typeof protectVm>): Promise<ReplyOf<typeof protectVm>> {
    return this.protection.protect(request);
  }

  @Authorize()
  @HandlesRequest(unprotectVm)
  async unprotect(request: RequestOf<typeof unprotectVm>): Promise<ReplyOf<typeof unprotectVm>> {
    await this.protection.unprotect(request);
    return {};
  }

  @Authorize()
  @HandlesRequest(prepareVmFilter)
  prepareOn(request: RequestOf<typeof prepareVmFilter>): Promise<ReplyOf<typeof prepareVmFilter>> {
    return this.protection.prepareOn(request);
  }

  @Authorize()
  @HandlesRequest(releaseVmFilter)
  async releaseOn(request: RequestOf<typeof releaseVmFilter>): Promise<ReplyOf<typeof releaseVmFilter>> {
    await this.protection.releaseOn(request);
    return {};
  }

  @Authorize()
  @HandlesEvent(vmDeleted, 'vm-deleted')
  forgetDeleted(event: EventEnvelope<EventDataOf<typeof vmDeleted>>): Promise<void> {
    return this.protection.forgetDeleted(event);
  }

  @Authorize()
  @HandlesEvent(vmJoinedDepartment, 'vm-joined')
  async joined(event: EventEnvelope<EventDataOf<typeof vmJoinedDepartment>>): Promise<void> {
    await this.protection.moveTo(event);
    this.worker.wake();
  }
}
