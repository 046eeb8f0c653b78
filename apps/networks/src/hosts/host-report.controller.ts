import { hostNetworksObserved, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { HostReportService } from './host-report.service.js';

/** What hosts tell of their networks. */
@Controller()
export class HostReportController {
  constructor(private readonly reports: HostReportService) {}

  @Authorize()
  @HandlesReport(hostNetworksObserved)
  async observed(report: ReportDataOf<typeof hostNetworksObserved>): Promise<void> {
    await this.reports.record(report);
  }
}
