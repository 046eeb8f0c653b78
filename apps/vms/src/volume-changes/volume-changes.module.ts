import { Module } from '@nestjs/common';
import { DepartmentsModule } from '../departments/departments.module.js';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { SnapshotsModule } from '../snapshots/snapshots.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { VolumeChangesService } from './volume-changes.service.js';
import { VolumeClaimRepository } from './volume-claim.repository.js';
import { VolumeHost } from './volume-host.js';
import { VolumeJournal } from './volume.journal.js';
import { VolumeMutationResolver } from './volume-mutation.resolver.js';
import { VolumePlacement } from './volume-placement.js';
import { VolumeReconciler } from './volume.reconciler.js';
import { VolumeWorker } from './volume.worker.js';

@Module({
  imports: [
    DepartmentsModule,
    MigrationsModule,
    OperationsModule,
    QuotasModule,
    VmsModule,
    VolumesModule,
    SnapshotsModule,
  ],
  providers: [
    VolumeClaimRepository,
    VolumeJournal,
    VolumeHost,
    VolumeWorker,
    VolumeReconciler,
    VolumePlacement,
    VolumeChangesService,
    VolumeMutationResolver,
  ],
})
export class VolumeChangesModule {}
