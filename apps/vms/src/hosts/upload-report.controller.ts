import { hostImageCopiesOffered, hostUploadsOffered, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { HostRepository } from './host.repository.js';

/** Keeps what hosts tell of where images are uploaded to them, and copied from them. */
@Controller()
export class UploadReportController {
  constructor(private readonly hosts: HostRepository) {}

  @Authorize()
  @HandlesReport(hostUploadsOffered)
  async offered({ hostId, url }: ReportDataOf<typeof hostUploadsOffered>): Promise<void> {
    await this.hosts.recordUploadUrl(hostId, url);
  }

  @Authorize()
  @HandlesReport(hostImageCopiesOffered)
  async copiesOffered({ hostId, url }: ReportDataOf<typeof hostImageCopiesOffered>): Promise<void> {
    await this.hosts.recordImageCopies(hostId, url);
  }
}
