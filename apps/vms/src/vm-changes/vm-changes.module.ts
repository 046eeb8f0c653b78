import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { PlacementModule } from '../placement/placement.module.js';
import { ReconcileModule } from '../reconcile/reconcile.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { ExplainPlacementResolver } from './explain-placement.resolver.js';
import { ExplainPlacementService } from './explain-placement.service.js';
import { NeighbourChecks } from './neighbour-checks.js';
import { VmChangesService } from './vm-changes.service.js';
import { VmMetadataResolver } from './vm-metadata.resolver.js';
import { VmMetadataService } from './vm-metadata.service.js';
import { AcceptedRequests, actionResolvers } from './vm-mutation.resolver.js';
import { VmPlacement } from './vm.placement.js';
import { VolumeAttachment } from './volume-attachment.js';

@Module({
  imports: [CatalogModule, HostsModule, OperationsModule, VmsModule, PlacementModule, VolumesModule, ReconcileModule],
  providers: [
    NeighbourChecks,
    VmPlacement,
    VolumeAttachment,
    VmChangesService,
    ExplainPlacementService,
    ExplainPlacementResolver,
    VmMetadataService,
    VmMetadataResolver,
    AcceptedRequests,
    ...actionResolvers,
  ],
})
export class VmChangesModule {}
