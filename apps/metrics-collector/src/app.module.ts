import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { stateChangeModule } from '@infinibay/platform-subgraph';
import { CollectorMetrics } from './collector-metrics.js';
import { CONFIG, type CollectorConfig } from './config.js';
import { Change, PrismaClient, createDatabase } from './database.js';
import { GuestConnectionRepository } from './guests/guest-connection.repository.js';
import { GuestPresence } from './guests/guest.presence.js';
import { GuestRegistry } from './guests/guest.registry.js';
import { LivePublisher } from './samples/live.publisher.js';
import { SampleController } from './samples/sample.controller.js';
import { SampleIntake } from './samples/sample.intake.js';
import { SampleRepository } from './samples/sample.repository.js';
import { SampleRetention } from './samples/sample.retention.js';
import { SampleWriter } from './samples/sample.writer.js';
import { VmDirectory } from './samples/vm.directory.js';

@Module({})
export class AppModule {
  static forRoot(config: CollectorConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'metrics-collector',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: PrismaClient, client: createDatabase(config) },
        }),
        stateChangeModule(Change),
      ],
      controllers: [SampleController],
      providers: [
        { provide: CONFIG, useValue: config },
        CollectorMetrics,
        GuestConnectionRepository,
        GuestPresence,
        GuestRegistry,
        LivePublisher,
        SampleIntake,
        SampleRepository,
        SampleRetention,
        SampleWriter,
        VmDirectory,
      ],
    };
  }
}
