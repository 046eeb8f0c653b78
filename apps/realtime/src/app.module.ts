import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { CONFIG, type RealtimeConfig } from './config.js';
import { ClientGateway } from './connections/client.gateway.js';
import { OutboundWatch } from './connections/outbound-watch.js';
import { SessionGuard } from './connections/session.guard.js';
import { SocketHub } from './connections/socket.hub.js';
import { EventFeed } from './events/event.feed.js';
import { EventStream } from './events/event.stream.js';
import { EventReplay } from './events/event.replay.js';
import { RealtimeMetrics } from './realtime-metrics.js';
import { SampleFeed } from './samples/sample.feed.js';
import { VmSubscriptions } from './subscriptions/vm.subscriptions.js';

@Module({})
export class AppModule {
  static forRoot(config: RealtimeConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'realtime',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          health: { host: config.HEALTH_HOST, port: config.HEALTH_PORT },
        }),
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        RealtimeMetrics,
        OutboundWatch,
        SocketHub,
        SessionGuard,
        EventStream,
        EventFeed,
        EventReplay,
        SampleFeed,
        VmSubscriptions,
        ClientGateway,
      ],
    };
  }
}
