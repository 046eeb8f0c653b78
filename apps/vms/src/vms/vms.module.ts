import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { DepartmentVmsResolver } from './department-vms.resolver.js';
import { OperationVmResolver } from './operation-vm.resolver.js';
import { VmRequestController } from './vm-request.controller.js';
import { VmConnectionResolver } from './vm-connection.resolver.js';
import { VmListRepository } from './vm-list.repository.js';
import { VmMetadataBackfill } from './vm-metadata.backfill.js';
import { VmMetadataRepository } from './vm-metadata.repository.js';
import { VmRepository } from './vm.repository.js';
import { VmResolver } from './vm.resolver.js';
import { VmService } from './vm.service.js';

@Module({
  imports: [CatalogModule, HostsModule, OperationsModule],
  controllers: [VmRequestController],
  providers: [
    VmRepository,
    VmListRepository,
    VmMetadataRepository,
    VmMetadataBackfill,
    VmService,
    VmResolver,
    VmConnectionResolver,
    DepartmentVmsResolver,
    OperationVmResolver,
  ],
  exports: [VmRepository, VmMetadataRepository, VmService],
})
export class VmsModule {}
