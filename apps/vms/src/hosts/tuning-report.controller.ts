import { hostTuningObserved, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { HostRepository } from './host.repository.js';

/** Keeps what hosts tell of the memory and the CPUs that VMs there can have. */
@Controller()
export class TuningReportController {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @HandlesReport(hostTuningObserved)
  async observed({ hostId, tuning }: ReportDataOf<typeof hostTuningObserved>): Promise<void> {
    await this.hosts.recordTuning(hostId, tuning);
  }
}
