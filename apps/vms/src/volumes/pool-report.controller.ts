import { hostPoolsObserved, type ReportDataOf } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesReport } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { StoragePoolRepository } from './storage-pool.repository.js';
import { VolumeRepository } from './volume.repository.js';

/** Keeps what hosts tell of their pools and of what volumes take up there. */
@Controller()
export class PoolReportController {
  constructor(
    private readonly pools: StoragePoolRepository,
    private readonly volumes: VolumeRepository,
  ) {}

  @Authorize()
  @HandlesReport(hostPoolsObserved)
  async observed({ hostId, pools, volumes }: ReportDataOf<typeof hostPoolsObserved>): Promise<void> {
    await this.pools.record(hostId, pools);
    await this.volumes.recordAllocations(hostId, volumes);
  }
}
