import { Module, type DynamicModule } from '@nestjs/common';
import { subgraphModule } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { mutationRows, stateChangeModule } from '@infinibay/platform-subgraph';
import type { FirewallConfig } from './config.js';
import { Change, Database } from './database.js';
import { FILTER_SETTINGS } from './filters/vm-filter.repository.js';
import { extendedEntities, features } from './graph.js';

@Module({})
export class AppModule {
  static forRoot(config: FirewallConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'firewall',
          logger,
          settings: [{ provide: FILTER_SETTINGS, useValue: config }],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: Database, client: new Database(config) },
        }),
        stateChangeModule(Change, mutationRows(config)),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
        ...features,
      ],
    };
  }
}
