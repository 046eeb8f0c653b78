import { Module, type DynamicModule } from '@nestjs/common';
import { subgraphModule } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { stateChangeModule } from '@infinibay/platform-subgraph';
import type { NetworksConfig } from './config.js';
import { Change, Database } from './database.js';
import { extendedEntities, resolvers } from './graph.js';
import { HostNetworkReconciler } from './hosts/host-network.reconciler.js';
import { HostNetworkRepository } from './hosts/host-network.repository.js';
import { HostNetworkService } from './hosts/host-network.service.js';
import { HostReportController } from './hosts/host-report.controller.js';
import { HostReportRepository } from './hosts/host-report.repository.js';
import { HostReportService } from './hosts/host-report.service.js';
import { HostStatusRepository } from './hosts/host-status.repository.js';
import { NetworkRemovalRepository } from './hosts/network-removal.repository.js';
import { NetworkRemovalService } from './hosts/network-removal.service.js';
import { NetworkRepository } from './networks/network.repository.js';
import { NetworkService } from './networks/network.service.js';
import { NETWORK_SETTINGS } from './networks/network.settings.js';
import { AttachmentController } from './ports/attachment.controller.js';
import { AttachmentService } from './ports/attachment.service.js';
import { PortRepository } from './ports/port.repository.js';
import { PortService } from './ports/port.service.js';
import { PlatformEndpoints } from './ranges/platform-endpoints.js';
import { RangeAllocation } from './ranges/range-allocation.service.js';
import { ReservedRangesRepository } from './ranges/reserved-ranges.repository.js';

@Module({})
export class AppModule {
  static forRoot(config: NetworksConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'networks',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: Database, client: new Database(config) },
        }),
        stateChangeModule(Change),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
      ],
      controllers: [AttachmentController, HostReportController],
      providers: [
        ...resolvers,
        { provide: NETWORK_SETTINGS, useValue: config },
        NetworkRepository,
        NetworkService,
        PortRepository,
        PortService,
        AttachmentService,
        HostNetworkRepository,
        HostNetworkService,
        HostReportRepository,
        HostReportService,
        HostStatusRepository,
        PlatformEndpoints,
        ReservedRangesRepository,
        RangeAllocation,
        NetworkRemovalRepository,
        NetworkRemovalService,
        HostNetworkReconciler,
      ],
    };
  }
}
