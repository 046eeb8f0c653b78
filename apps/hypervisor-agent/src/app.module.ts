import type { Logger } from '@infinibay/platform-logging';
import { PlatformModule } from '@infinibay/platform-service';
import { Module, type DynamicModule } from '@nestjs/common';
import { AccelerationService } from './acceleration/acceleration.service.js';
import { AGENT_CONFIG, type AgentConfig } from './config.js';
import { CapturesModule } from './captures/captures.module.js';
import { ClonesModule } from './clones/clones.module.js';
import { CopiesModule } from './copies/copies.module.js';
import { DisksModule } from './disks/disks.module.js';
import { EventsModule } from './events/events.module.js';
import { FiltersModule } from './filters/filters.module.js';
import { hypervisorProbe } from './host/hypervisor.probe.js';
import { Hypervisor } from './hypervisor/hypervisor.js';
import { QuarantineReporter } from './hypervisor/quarantine.reporter.js';
import { ImportsModule } from './imports/imports.module.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { MigrationsModule } from './migrations/migrations.module.js';
import { NetworksModule } from './networks/networks.module.js';
import { ReportsModule } from './reports/reports.module.js';
import { SnapshotsModule } from './snapshots/snapshots.module.js';
import { SeedsModule } from './seeds/seeds.module.js';
import { UploadsModule } from './uploads/uploads.module.js';
import { VmsModule } from './vms/vms.module.js';
import { VolumesModule } from './volumes/volumes.module.js';

@Module({})
export class AppModule {
  static forRoot(config: AgentConfig, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot({
          service: 'hypervisor-agent',
          hostId: config.HOST_ID,
          logger,
          settings: [{ provide: AGENT_CONFIG, useValue: config }],
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          probes: [{ inject: [Hypervisor, QuarantineReporter, AccelerationService], useFactory: hypervisorProbe }],
        }),
        DisksModule,
        VolumesModule,
        SeedsModule,
        ImportsModule,
        CopiesModule,
        UploadsModule,
        NetworksModule,
        FiltersModule,
        VmsModule,
        SnapshotsModule,
        ClonesModule,
        CapturesModule,
        MigrationsModule,
        InventoryModule,
        EventsModule,
        ReportsModule,
      ],
    };
  }
}
