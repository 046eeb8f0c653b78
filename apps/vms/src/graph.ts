import type { Type } from '@nestjs/common';
import { DepartmentRef, UserRef, resolversOf } from '@infinibay/platform-graphql';
import { BulkModule } from './bulk/bulk.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { ChainsModule } from './chains/chains.module.js';
import { ConsolesModule } from './consoles/consoles.module.js';
import { GuestModule } from './guest/guest.module.js';
import { HostMaintenanceModule } from './host-maintenance/host-maintenance.module.js';
import { HostsModule } from './hosts/hosts.module.js';
import { ImageChangesModule } from './image-changes/image-changes.module.js';
import { MigrationsModule } from './migrations/migrations.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { PlacementModule } from './placement/placement.module.js';
import { PlacementGroupsModule } from './placement-groups/placement-groups.module.js';
import { PurgesModule } from './purges/purges.module.js';
import { QuotasModule } from './quotas/quotas.module.js';
import { ReconcileModule } from './reconcile/reconcile.module.js';
import { SnapshotsModule } from './snapshots/snapshots.module.js';
import { VmChangesModule } from './vm-changes/vm-changes.module.js';
import { VmsModule } from './vms/vms.module.js';
import { VolumeChangesModule } from './volume-changes/volume-changes.module.js';
import { VolumesModule } from './volumes/volumes.module.js';

/** The features; most have a part of the subgraph's schema. */
export const features: Type[] = [
  CatalogModule,
  HostsModule,
  OperationsModule,
  QuotasModule,
  VmsModule,
  VolumesModule,
  SnapshotsModule,
  MigrationsModule,
  ConsolesModule,
  PlacementGroupsModule,
  PlacementModule,
  ChainsModule,
  ReconcileModule,
  GuestModule,
  VmChangesModule,
  BulkModule,
  PurgesModule,
  HostMaintenanceModule,
  VolumeChangesModule,
  ImageChangesModule,
];

/** All that makes the subgraph's schema; tools/graphql composes from them. */
export const resolvers: Type[] = resolversOf(features);

/** Entities of other subgraphs that this one refers to or adds fields to. */
export const extendedEntities: Type[] = [DepartmentRef, UserRef];
