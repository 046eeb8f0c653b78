import { Module, type DynamicModule } from '@nestjs/common';
import type { ConfigOf } from '@infinibay/platform-config';
import { subgraphModule } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { mutationRows, stateChangeModule } from '@infinibay/platform-subgraph';
import type { configSchema } from './config.js';
import { CONSOLE_OPTIONS, consoleOptions } from './consoles/console-options.js';
import { Change, PrismaClient, createDatabase } from './database.js';
import { extendedEntities, features } from './graph.js';
import { IMAGE_OPTIONS, imageOptions } from './image-changes/image-options.js';
import { historyRows } from './operations/history.rows.js';
import { PLACEMENT_SETTINGS, placementSettings } from './placement/placement-settings.js';
import { RECONCILE_OPTIONS, reconcileOptions } from './reconcile/reconcile-options.js';
import { SOFT_DELETION_OPTIONS, softDeletionOptions } from './vm-changes/soft-deletion-options.js';
import { VOLUME_OPTIONS, volumeOptions } from './volumes/volume-options.js';

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
          settings: [
            { provide: RECONCILE_OPTIONS, useValue: reconcileOptions(config) },
            { provide: VOLUME_OPTIONS, useValue: volumeOptions(config) },
            { provide: IMAGE_OPTIONS, useValue: imageOptions(config) },
            { provide: CONSOLE_OPTIONS, useValue: consoleOptions(config) },
            { provide: SOFT_DELETION_OPTIONS, useValue: softDeletionOptions(config) },
            { provide: PLACEMENT_SETTINGS, useValue: placementSettings(config) },
          ],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          database: { token: PrismaClient, client },
        }),
        stateChangeModule(Change, [...mutationRows(config), ...historyRows(config)]),
        subgraphModule({ logger, internalKey: config.INTERNAL_KEY, extendedEntities }),
        ...features,
      ],
    };
  }
}
