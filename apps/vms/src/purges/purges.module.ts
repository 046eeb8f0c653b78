import { Module } from '@nestjs/common';
import { VmChangesModule } from '../vm-changes/vm-changes.module.js';
import { ReconcileModule } from '../reconcile/reconcile.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { PurgeRepository } from './purge.repository.js';
import { PurgeService } from './purge.service.js';
import { PurgeWorker } from './purge.worker.js';

/** VMs that are going to be deleted: deleted when their time is over. */
@Module({
  imports: [VmsModule, VmChangesModule, ReconcileModule],
  providers: [PurgeRepository, PurgeService, PurgeWorker],
})
export class PurgesModule {}
