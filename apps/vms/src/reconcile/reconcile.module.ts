import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { SnapshotsModule } from '../snapshots/snapshots.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { AutostartController } from './autostart.controller.js';
import { AutostartRepository } from './autostart.repository.js';
import { ClaimRepository } from './claim.repository.js';
import { DepartmentChange } from './department.change.js';
import { DriftController } from './drift.controller.js';
import { HostReportController } from './host-report.controller.js';
import { HostClient } from './host.client.js';
import { Reconciler } from './reconciler.js';
import { SettledVmRepository } from './settled-vm.repository.js';
import { StepEffects } from './step.effects.js';
import { TransferredGoods } from './transferred-goods.js';
import { VmParts } from './vm-parts.js';
import { VmJournal } from './vm.journal.js';
import { VmWorker } from './vm.worker.js';

@Module({
  imports: [
    CatalogModule,
    HostsModule,
    OperationsModule,
    QuotasModule,
    VmsModule,
    VolumesModule,
    SnapshotsModule,
    MigrationsModule,
  ],
  controllers: [HostReportController, DriftController, AutostartController],
  providers: [
    AutostartRepository,
    ClaimRepository,
    SettledVmRepository,
    HostClient,
    DepartmentChange,
    StepEffects,
    TransferredGoods,
    VmParts,
    VmJournal,
    VmWorker,
    Reconciler,
  ],
  exports: [DepartmentChange, HostClient, Reconciler],
})
export class ReconcileModule {}
