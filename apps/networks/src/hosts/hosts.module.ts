import { Module } from '@nestjs/common';
import { RangesModule } from '../ranges/ranges.module.js';
import { HostNetworkWorker } from './host-network.worker.js';
import { HostNetworkRepository } from './host-network.repository.js';
import { HostNetworkService } from './host-network.service.js';
import { HostReportController } from './host-report.controller.js';
import { HostReportRepository } from './host-report.repository.js';
import { HostReportService } from './host-report.service.js';
import { HostStatusRepository } from './host-status.repository.js';
import { NetworkHostsResolver, NetworkHostDifferencesResolver } from './network-hosts.resolver.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { NetworkRemovalService } from './network-removal.service.js';

@Module({
  imports: [RangesModule],
  controllers: [HostReportController],
  providers: [
    HostNetworkRepository,
    HostNetworkService,
    HostReportRepository,
    HostReportService,
    HostStatusRepository,
    NetworkRemovalRepository,
    NetworkRemovalService,
    HostNetworkWorker,
    NetworkHostsResolver,
    NetworkHostDifferencesResolver,
  ],
  exports: [HostNetworkRepository, HostNetworkService],
})
export class HostsModule {}
