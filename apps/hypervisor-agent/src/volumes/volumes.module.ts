import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { WorkModule } from '../work/work.module.js';
import { PoolReporter } from './pool.reporter.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumeHandlers } from './volume.handlers.js';
import { VolumeService } from './volume.service.js';

@Module({
  imports: [WorkModule, HypervisorModule, DomainsModule],
  controllers: [VolumeHandlers],
  providers: [VolumeService, VolumeAttachments, PoolReporter],
  exports: [VolumeService],
})
export class VolumesModule {}
