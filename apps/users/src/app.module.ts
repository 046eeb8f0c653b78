import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { subgraphModule } from '@infinibay/platform-graphql';
import { PlatformModule } from '@infinibay/platform-service';
import { mutationRows, stateChangeModule } from '@infinibay/platform-subgraph';
import { BootstrapModule } from './bootstrap/bootstrap.module.js';
import { USERS_CONFIG, type UsersConfig } from './config.js';
import { Change, Database } from './database.js';
import { extendedEntities, features } from './graph.js';
import { SESSION_ROWS } from './sessions/session.rows.js';

@Module({})
export class AppModule {
  static forRoot(config: UsersConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'users',
          logger,
          settings: [{ provide: USERS_CONFIG, useValue: config }],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: Database, client: new Database(config) },
        }),
        stateChangeModule(Change, [...mutationRows(config), ...SESSION_ROWS]),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
        BootstrapModule,
        ...features,
      ],
    };
  }
}
