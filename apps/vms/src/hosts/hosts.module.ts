import { Module } from '@nestjs/common';
import { FleetRepository } from './fleet.repository.js';
import { HardwareReportController } from './hardware-report.controller.js';
import { HostMaintenanceRepository } from './host-maintenance.repository.js';
import { HostRepository } from './host.repository.js';
import { HostMaintenanceByResolver, HostResolver } from './host.resolver.js';
import { ImageCopyRepository } from './image-copy.repository.js';
import { TuningReportController } from './tuning-report.controller.js';
import { UploadReportController } from './upload-report.controller.js';

@Module({
  controllers: [HardwareReportController, TuningReportController, UploadReportController],
  providers: [
    FleetRepository,
    HostRepository,
    HostMaintenanceRepository,
    ImageCopyRepository,
    HostResolver,
    HostMaintenanceByResolver,
  ],
  exports: [FleetRepository, HostRepository, HostMaintenanceRepository, ImageCopyRepository],
})
export class HostsModule {}
