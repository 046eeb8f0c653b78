import { Module } from '@nestjs/common';
import { DisksModule } from '../disks/disks.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { FiltersModule } from '../filters/filters.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { ImagesModule } from '../images/images.module.js';
import { SeedsModule } from '../seeds/seeds.module.js';
import { VmsModule } from '../vms/vms.module.js';
import { VolumesModule } from '../volumes/volumes.module.js';
import { WorkModule } from '../work/work.module.js';
import { ArrivalHandlers } from './arrival.handlers.js';
import { ArrivedDomain } from './arrived-domain.js';
import { ArrivingDisks } from './arriving-disks.js';
import { DepartingDomain } from './departing-domain.js';
import { DepartureHandlers } from './departure.handlers.js';
import { MigratedStorage } from './migrated-storage.js';
import { MigrationAbort } from './migration-abort.js';
import { MigrationArrival } from './migration-arrival.js';
import { MigrationDeparture } from './migration-departure.js';
import { MigrationEnd } from './migration-end.js';
import { MigrationFacts } from './migration-facts.js';
import { MigrationPlaces } from './migration-places.js';
import { MigrationWorks } from './migration-works.js';

@Module({
  imports: [
    WorkModule,
    HypervisorModule,
    ImagesModule,
    HostModule,
    DomainsModule,
    DisksModule,
    FiltersModule,
    VolumesModule,
    SeedsModule,
    VmsModule,
  ],
  controllers: [DepartureHandlers, ArrivalHandlers],
  providers: [
    MigrationWorks,
    MigrationFacts,
    MigrationPlaces,
    ArrivedDomain,
    ArrivingDisks,
    MigrationArrival,
    DepartingDomain,
    MigrationDeparture,
    MigrationAbort,
    MigratedStorage,
    MigrationEnd,
  ],
})
export class MigrationsModule {}
