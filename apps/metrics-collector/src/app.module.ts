import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { EVENT_ROWS, stateChangeModule } from '@infinibay/platform-subgraph';
import { CONFIG, type CollectorConfig } from './config.js';
import { Change, PrismaClient, createDatabase } from './database.js';
import { GuestsModule } from './guests/guests.module.js';
import { SamplesModule } from './samples/samples.module.js';

@Module({})
export class AppModule {
  static forRoot(config: CollectorConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'metrics-collector',
          logger,
          settings: [{ provide: CONFIG, useValue: config }],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: PrismaClient, client: createDatabase(config) },
        }),
        stateChangeModule(Change, EVENT_ROWS),
        SamplesModule,
        GuestsModule,
      ],
    };
  }
}
