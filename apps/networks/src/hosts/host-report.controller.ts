import { hostNetworksObserved, type ReportDataOf } from '@infinibay/contracts';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { HostReportService } from './host-report.service.js';

/** What hosts tell of their networks. */
@Controller()
export class HostReportController {
  constructor(private readonly reports: HostReportService) {}

  @HandlesReport(hostNetworksObserved)
  async observed(report: ReportDataOf<typeof hostNetworksObserved>): Promise<void> {
    await this.reports.record(report);
  }
}
