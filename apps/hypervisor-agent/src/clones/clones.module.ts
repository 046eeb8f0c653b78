import { Module } from '@nestjs/common';
import { DisksModule } from '../disks/disks.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { ImagesModule } from '../images/images.module.js';
import { SnapshotsModule } from '../snapshots/snapshots.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { WorkModule } from '../work/work.module.js';
import { CloneHandlers } from './clone.handlers.js';
import { CloneSource } from './clone-source.js';
import { DiskCloning } from './disk-cloning.js';

@Module({
  imports: [WorkModule, ImagesModule, DomainsModule, DisksModule, VolumesModule, VmsModule, SnapshotsModule],
  controllers: [CloneHandlers],
  providers: [CloneSource, DiskCloning],
  exports: [CloneSource],
})
export class ClonesModule {}
