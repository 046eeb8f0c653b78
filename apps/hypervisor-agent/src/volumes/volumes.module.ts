import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { WorkModule } from '../work/work.module.js';
import { LeftoversWatch } from './leftovers-watch.js';
import { MovePlan } from './move-plan.js';
import { MoveWork } from './move-work.js';
import { PoolReporter } from './pool.reporter.js';
import { StoragePools } from './storage-pools.js';
import { VolumeAttachments } from './volume-attachments.js';
import { VolumeCloning } from './volume-cloning.js';
import { VolumeCopies } from './volume-copies.js';
import { VolumeFileCopy } from './volume-file-copy.js';
import { VolumeGuestCopy } from './volume-guest-copy.js';
import { VolumeHandlers } from './volume.handlers.js';
import { VolumeLeftovers } from './volume-leftovers.js';
import { VolumeMovesHandlers } from './volume-moves.handlers.js';
import { VolumeMoving } from './volume-moving.js';
import { VolumePivots } from './volume-pivots.js';
import { VolumePlaces } from './volume-places.js';
import { VolumeRoom } from './volume-room.js';
import { VolumeService } from './volume.service.js';
import { VolumeTransfers } from './volume-transfers.js';

@Module({
  imports: [WorkModule, HypervisorModule, DomainsModule],
  controllers: [VolumeHandlers, VolumeMovesHandlers],
  providers: [
    StoragePools,
    VolumePlaces,
    VolumeService,
    VolumeCopies,
    VolumePivots,
    VolumeAttachments,
    VolumeLeftovers,
    LeftoversWatch,
    VolumeRoom,
    VolumeFileCopy,
    VolumeGuestCopy,
    MovePlan,
    MoveWork,
    VolumeMoving,
    VolumeCloning,
    VolumeTransfers,
    PoolReporter,
  ],
  exports: [VolumeService, VolumePivots, VolumeTransfers],
})
export class VolumesModule {}
