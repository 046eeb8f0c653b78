import { Module } from '@nestjs/common';
import { BulkModule } from '../bulk/bulk.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { PlacementModule } from '../placement/placement.module.js';
import { PlacementGroupsModule } from '../placement-groups/placement-groups.module.js';
import { DrainPlan } from './drain.plan.js';
import { DrainTargets } from './drain.targets.js';
import { DrainService } from './drain.service.js';
import { DrainTargetResolver } from './drain-target.resolver.js';
import { HostMaintenanceResolver } from './host-maintenance.resolver.js';
import { HostMaintenanceService } from './host-maintenance.service.js';
import { MaintenanceChange } from './maintenance.change.js';

@Module({
  imports: [HostsModule, OperationsModule, PlacementModule, PlacementGroupsModule, BulkModule, MigrationsModule],
  providers: [
    MaintenanceChange,
    HostMaintenanceService,
    DrainTargets,
    DrainPlan,
    DrainService,
    HostMaintenanceResolver,
    DrainTargetResolver,
  ],
})
export class HostMaintenanceModule {}
