import { hostHardwareObserved, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { HostRepository } from './host.repository.js';

/** Keeps what hosts tell that VMs there can be made of. */
@Controller()
export class HardwareReportController {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @HandlesReport(hostHardwareObserved)
  async observed({ hostId, hardware }: ReportDataOf<typeof hostHardwareObserved>): Promise<void> {
    await this.hosts.recordHardware(hostId, hardware);
  }
}
