import { Module } from '@nestjs/common';
import { DisksModule } from '../disks/disks.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { WorkModule } from '../work/work.module.js';
import { MemoryLoad } from './memory-load.js';
import { MemorySave } from './memory-save.js';
import { SaveHandlers } from './save.handlers.js';
import { SnapshotCapture } from './snapshot-capture.js';
import { SnapshotChecks } from './snapshot-checks.js';
import { SnapshotHandlers } from './snapshot.handlers.js';
import { SnapshotRecords } from './snapshot-records.js';
import { SnapshotRemoval } from './snapshot-removal.js';
import { SnapshotRevert } from './snapshot-revert.js';
import { SnapshotWorks } from './snapshot-works.js';

@Module({
  imports: [WorkModule, HypervisorModule, HostModule, DomainsModule, DisksModule, VolumesModule, VmsModule],
  controllers: [SnapshotHandlers, SaveHandlers],
  providers: [
    SnapshotWorks,
    SnapshotRecords,
    SnapshotChecks,
    MemoryLoad,
    MemorySave,
    SnapshotCapture,
    SnapshotRemoval,
    SnapshotRevert,
  ],
  exports: [SnapshotWorks],
})
export class SnapshotsModule {}
