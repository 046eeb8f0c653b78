import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { ClientsModule } from './clients/clients.module.js';
import { CONFIG, type RealtimeConfig } from './config.js';
import { ConnectionsModule } from './connections/connections.module.js';
import { EventsModule } from './events/events.module.js';
import { SamplesModule } from './samples/samples.module.js';
import { SubscriptionsModule } from './subscriptions/subscriptions.module.js';

@Module({})
export class AppModule {
  static forRoot(config: RealtimeConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'realtime',
          logger,
          settings: [{ provide: CONFIG, useValue: config }],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          health: { host: config.HEALTH_HOST, port: config.HEALTH_PORT },
        }),
        ConnectionsModule,
        EventsModule,
        SamplesModule,
        SubscriptionsModule,
        ClientsModule,
      ],
    };
  }
}
