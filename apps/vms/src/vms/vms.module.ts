import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { HostsModule } from '../hosts/hosts.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { DepartmentVmsResolver } from './department-vms.resolver.js';
import { OperationVmResolver } from './operation-vm.resolver.js';
import { VmRequestController } from './vm-request.controller.js';
import { VmConnectionResolver } from './vm-connection.resolver.js';
import { VmCloudInitRepository } from './vm-cloud-init.repository.js';
import { CloudInitUserDataResolver, VmCloudInitResolver } from './vm-cloud-init.resolver.js';
import { VmListRepository } from './vm-list.repository.js';
import { VmMetadataBackfill } from './vm-metadata.backfill.js';
import { VmMetadataRepository } from './vm-metadata.repository.js';
import { VmRevisionRepository } from './vm-revision.repository.js';
import { VmRevisionAuthorResolver, VmRevisionsResolver } from './vm-revision.resolver.js';
import { VmRevisionService } from './vm-revision.service.js';
import { VmPortJournal } from './vm-port.journal.js';
import { VmPortRepository } from './vm-port.repository.js';
import { VmRepository } from './vm.repository.js';
import { VmResolver } from './vm.resolver.js';
import { VmService } from './vm.service.js';

@Module({
  imports: [CatalogModule, HostsModule, OperationsModule],
  controllers: [VmRequestController],
  providers: [
    VmRepository,
    VmPortRepository,
    VmPortJournal,
    VmListRepository,
    VmMetadataRepository,
    VmMetadataBackfill,
    VmCloudInitRepository,
    VmCloudInitResolver,
    CloudInitUserDataResolver,
    VmService,
    VmRevisionRepository,
    VmRevisionService,
    VmRevisionsResolver,
    VmRevisionAuthorResolver,
    VmResolver,
    VmConnectionResolver,
    DepartmentVmsResolver,
    OperationVmResolver,
  ],
  exports: [
    VmRepository,
    VmPortRepository,
    VmPortJournal,
    VmMetadataRepository,
    VmCloudInitRepository,
    VmRevisionRepository,
    VmService,
  ],
})
export class VmsModule {}
