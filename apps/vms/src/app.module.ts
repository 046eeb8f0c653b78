import { Module, type DynamicModule } from '@nestjs/common';
import type { ConfigOf } from '@infinibay/platform-config';
import { subgraphModule } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { stateChangeModule } from '@infinibay/platform-subgraph';
import type { configSchema } from './config.js';
import { Change, PrismaClient, createDatabase } from './database.js';
import { extendedEntities, resolvers } from './graph.js';
import { GuestConsumer } from './vms/guest.consumer.js';
import { GuestRepository } from './vms/guest.repository.js';
import { HostReportController } from './hosts/host-report.controller.js';
import { HostRepository } from './hosts/host.repository.js';
import { SettledVmRepository } from './hosts/settled-vm.repository.js';
import { ImageRepository } from './images/image.repository.js';
import { TemplateRepository } from './images/template.repository.js';
import { TemplateService } from './images/template.service.js';
import { OperationRepository } from './operations/operation.repository.js';
import { ClaimRepository } from './reconcile/claim.repository.js';
import { HostClient } from './reconcile/host.client.js';
import { RECONCILE_OPTIONS, reconcileOptions } from './reconcile/reconcile-options.js';
import { Reconciler } from './reconcile/reconciler.js';
import { VmJournal } from './reconcile/vm.journal.js';
import { VmWorker } from './reconcile/vm.worker.js';
import { AcceptedRequests } from './vms/vm-mutation.resolver.js';
import { NeighbourChecks } from './vms/neighbour-checks.js';
import { VmPlacement } from './vms/vm.placement.js';
import { VmRepository } from './vms/vm.repository.js';
import { VmRequestController } from './vms/vm-request.controller.js';
import { VmService } from './vms/vm.service.js';

export type VmsConfig = ConfigOf<typeof configSchema>;

@Module({})
export class AppModule {
  static forRoot(config: VmsConfig, logger: Logger): DynamicModule {
    const client = createDatabase(config);
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'vms',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: PrismaClient, client },
        }),
        stateChangeModule(Change),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
      ],
      controllers: [VmRequestController, GuestConsumer, HostReportController],
      providers: [
        ...resolvers,
        { provide: RECONCILE_OPTIONS, useValue: reconcileOptions(config) },
        VmService,
        AcceptedRequests,
        NeighbourChecks,
        VmPlacement,
        VmRepository,
        GuestRepository,
        HostRepository,
        SettledVmRepository,
        ImageRepository,
        TemplateRepository,
        TemplateService,
        OperationRepository,
        ClaimRepository,
        HostClient,
        VmJournal,
        VmWorker,
        Reconciler,
      ],
    };
  }
}
