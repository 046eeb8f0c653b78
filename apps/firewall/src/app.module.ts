import { Module, type DynamicModule } from '@nestjs/common';
import { subgraphModule } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { stateChangeModule } from '@infinibay/platform-subgraph';
import type { FirewallConfig } from './config.js';
import { Change, Database } from './database.js';
import { FilterApplicationService } from './filters/filter-application.service.js';
import { FilterVerificationService } from './filters/filter-verification.service.js';
import { FilterWorker } from './filters/filter.worker.js';
import { HostEventController } from './filters/host-event.controller.js';
import { KernelRulesService } from './filters/kernel-rules.service.js';
import { ProtectionController } from './filters/protection.controller.js';
import { ProtectionService } from './filters/protection.service.js';
import { FILTER_SETTINGS, VmFilterRepository } from './filters/vm-filter.repository.js';
import { VmFirewallService } from './filters/vm-firewall.service.js';
import { extendedEntities, resolvers } from './graph.js';
import { RuleChangesService } from './rules/rule-changes.service.js';
import { RuleRepository } from './rules/rule.repository.js';
import { RuleService } from './rules/rule.service.js';

@Module({})
export class AppModule {
  static forRoot(config: FirewallConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'firewall',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: Database, client: new Database(config) },
        }),
        stateChangeModule(Change),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
      ],
      controllers: [ProtectionController, HostEventController],
      providers: [
        ...resolvers,
        { provide: FILTER_SETTINGS, useValue: config },
        RuleRepository,
        RuleService,
        RuleChangesService,
        VmFilterRepository,
        VmFirewallService,
        KernelRulesService,
        FilterApplicationService,
        FilterVerificationService,
        FilterWorker,
        ProtectionService,
      ],
    };
  }
}
