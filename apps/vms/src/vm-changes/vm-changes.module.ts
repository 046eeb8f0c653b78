import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { PlacementModule } from '../placement/placement.module.js';
import { PlacementGroupsModule } from '../placement-groups/placement-groups.module.js';
import { QuotasModule } from '../quotas/quotas.module.js';
import { ReconcileModule } from '../reconcile/reconcile.module.js';
import { SnapshotsModule } from '../snapshots/snapshots.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { ActionEffects } from './action-effects.js';
import { CancelledResource } from './cancelled-resource.js';
import { CdromChanges } from './cdrom-changes.js';
import { ChangeableVms } from './changeable-vms.js';
import { CopyingFleet } from './copying-fleet.js';
import { ExplainPlacementResolver } from './explain-placement.resolver.js';
import { ExplainPlacementService } from './explain-placement.service.js';
import { HostChoice } from './host-choice.js';
import { KeptMemory } from './kept-memory.js';
import { MigratedGoods } from './migrated-goods.js';
import { NamedPorts } from './named-ports.js';
import { NeighbourChecks } from './neighbour-checks.js';
import { OperationCancellation } from './operation-cancellation.js';
import { PortChanges } from './port-changes.js';
import { VmAdmission } from './vm.admission.js';
import { SoftDeletion } from './soft-deletion.js';
import { SpecChanges } from './spec-changes.js';
import { VmChangesService } from './vm-changes.service.js';
import { VmCloning } from './vm-cloning.js';
import { VmCreation } from './vm-creation.js';
import { VmEffects } from './vm-effects.js';
import { SetVmCloudInitResolver } from './vm-cloud-init.resolver.js';
import { VmCloudInitService } from './vm-cloud-init.service.js';
import { VmMetadataResolver } from './vm-metadata.resolver.js';
import { VmMetadataService } from './vm-metadata.service.js';
import { VmMigrationResolver } from './vm-migration.resolver.js';
import { VmMigrationService } from './vm-migration.service.js';
import { VmRetry } from './vm-retry.js';
import { AcceptedRequests, actionResolvers } from './vm-mutation.resolver.js';
import { VmPlacementGroupResolver } from './vm-placement-group.resolver.js';
import { VmPlacementGroupService } from './vm-placement-group.service.js';
import { TransferTargets } from './transfer-target.js';
import { VmSnapshots } from './vm-snapshots.js';
import { VmPlacement } from './vm.placement.js';
import { VmTransferResolver } from './vm-transfer.resolver.js';
import { VmTransferService } from './vm-transfer.service.js';
import { VolumeAttachment } from './volume-attachment.js';

@Module({
  imports: [
    CatalogModule,
    HostsModule,
    OperationsModule,
    QuotasModule,
    VmsModule,
    PlacementGroupsModule,
    PlacementModule,
    VolumesModule,
    SnapshotsModule,
    MigrationsModule,
    ReconcileModule,
  ],
  providers: [
    NeighbourChecks,
    NamedPorts,
    ChangeableVms,
    CopyingFleet,
    HostChoice,
    VmPlacement,
    VmAdmission,
    SpecChanges,
    VolumeAttachment,
    KeptMemory,
    SoftDeletion,
    PortChanges,
    CdromChanges,
    VmRetry,
    VmEffects,
    VmSnapshots,
    ActionEffects,
    VmCreation,
    VmCloning,
    VmChangesService,
    ExplainPlacementService,
    ExplainPlacementResolver,
    VmMetadataService,
    VmMetadataResolver,
    VmCloudInitService,
    SetVmCloudInitResolver,
    VmPlacementGroupService,
    VmPlacementGroupResolver,
    TransferTargets,
    VmTransferService,
    VmTransferResolver,
    MigratedGoods,
    VmMigrationService,
    CancelledResource,
    OperationCancellation,
    VmMigrationResolver,
    AcceptedRequests,
    ...actionResolvers,
  ],
  exports: [VmChangesService, VmMigrationService],
})
export class VmChangesModule {}
