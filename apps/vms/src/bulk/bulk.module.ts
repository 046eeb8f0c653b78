import { Module } from '@nestjs/common';
import { MigrationsModule } from '../migrations/migrations.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { VmChangesModule } from '../vm-changes/vm-changes.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { BulkAcceptance } from './bulk.acceptance.js';
import { BulkOpening } from './bulk.opening.js';
import { BulkProgress } from './bulk.progress.js';
import { BulkRequestRepository } from './bulk-request.repository.js';
import { BulkResolver } from './bulk.resolver.js';
import { BulkResultConnectionResolver, BulkResultResolver, OperationResultsResolver } from './bulk-result.resolver.js';
import { BulkResultRepository } from './bulk-result.repository.js';
import { BulkResultService } from './bulk-result.service.js';
import { BulkService } from './bulk.service.js';
import { BulkTargets } from './bulk.targets.js';
import { BulkWorker } from './bulk.worker.js';
import { DrainedVms } from './drained-vms.js';

@Module({
  imports: [OperationsModule, MigrationsModule, VmsModule, VmChangesModule],
  providers: [
    BulkRequestRepository,
    BulkResultRepository,
    BulkTargets,
    BulkAcceptance,
    DrainedVms,
    BulkProgress,
    BulkWorker,
    BulkOpening,
    BulkService,
    BulkResultService,
    BulkResolver,
    OperationResultsResolver,
    BulkResultResolver,
    BulkResultConnectionResolver,
  ],
  exports: [BulkOpening],
})
export class BulkModule {}
