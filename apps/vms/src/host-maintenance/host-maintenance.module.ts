import { Module } from '@nestjs/common';
import { BulkModule } from '../bulk/bulk.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { PlacementModule } from '../placement/placement.module.js';
import { DrainPlan } from './drain.plan.js';
import { DrainService } from './drain.service.js';
import { HostMaintenanceResolver } from './host-maintenance.resolver.js';
import { HostMaintenanceService } from './host-maintenance.service.js';
import { MaintenanceChange } from './maintenance.change.js';

@Module({
  imports: [HostsModule, OperationsModule, PlacementModule, BulkModule, MigrationsModule],
  providers: [MaintenanceChange, HostMaintenanceService, DrainPlan, DrainService, HostMaintenanceResolver],
})
export class HostMaintenanceModule {}
