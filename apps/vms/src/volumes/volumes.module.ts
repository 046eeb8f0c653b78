import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { PoolReportController } from './pool-report.controller.js';
import { StoragePoolRepository } from './storage-pool.repository.js';
import { StoragePoolResolver } from './storage-pool.resolver.js';
import { VmVolumesResolver } from './vm-volumes.resolver.js';
import { VolumeConnectionResolver } from './volume-connection.resolver.js';
import { VolumeRepository } from './volume.repository.js';
import { VolumeResolver } from './volume.resolver.js';
import { VolumeService } from './volume.service.js';

@Module({
  imports: [HostsModule, VmsModule],
  controllers: [PoolReportController],
  providers: [
    VolumeRepository,
    StoragePoolRepository,
    VolumeService,
    VolumeResolver,
    VolumeConnectionResolver,
    VmVolumesResolver,
    StoragePoolResolver,
  ],
  exports: [VolumeRepository, StoragePoolRepository],
})
export class VolumesModule {}
