import { Module } from '@nestjs/common';
import { DisksModule } from '../disks/disks.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { FiltersModule } from '../filters/filters.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { ImagesModule } from '../images/images.module.js';
import { SeedsModule } from '../seeds/seeds.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { WorkModule } from '../work/work.module.js';
import { CdromMedia } from './cdrom-media.js';
import { DiskChains } from './disk-chains.js';
import { DomainDisks } from './domain-disks.js';
import { GuestFolders } from './guest-folders.js';
import { TaskRecords } from './task-records.js';
import { PowerChange } from './power-change.js';
import { MigrationRecords } from './migration-records.js';
import { RevertRecords } from './revert-records.js';
import { SnapshotFiles } from './snapshot-files.js';
import { ScreenSockets } from './screen-sockets.js';
import { StartObstacles } from './start-obstacles.js';
import { VmCdromHandlers } from './vm-cdrom.handlers.js';
import { VmChainsHandlers } from './vm-chains.handlers.js';
import { VmLinksHandlers } from './vm-links.handlers.js';
import { VmPortsHandlers } from './vm-ports.handlers.js';
import { VmPowerHandlers } from './vm-power.handlers.js';
import { VmRestartHandlers } from './vm-restarts.handlers.js';
import { VmSizesHandlers } from './vm-sizes.handlers.js';
import { VmHandlers } from './vm.handlers.js';
import { SnapshotTraces } from './snapshot-traces.js';
import { VmStart } from './vm-start.js';
import { VmService } from './vm.service.js';

@Module({
  imports: [
    WorkModule,
    HypervisorModule,
    HostModule,
    DomainsModule,
    ImagesModule,
    DisksModule,
    VolumesModule,
    SeedsModule,
    FiltersModule,
  ],
  controllers: [
    VmHandlers,
    VmPowerHandlers,
    VmRestartHandlers,
    VmSizesHandlers,
    VmLinksHandlers,
    VmPortsHandlers,
    VmCdromHandlers,
    VmChainsHandlers,
  ],
  providers: [
    TaskRecords,
    CdromMedia,
    DiskChains,
    DomainDisks,
    GuestFolders,
    ScreenSockets,
    PowerChange,
    RevertRecords,
    MigrationRecords,
    StartObstacles,
    SnapshotFiles,
    SnapshotTraces,
    VmStart,
    VmService,
  ],
  exports: [VmStart, VmService, GuestFolders, DomainDisks, MigrationRecords, RevertRecords, SnapshotFiles],
})
export class VmsModule {}
