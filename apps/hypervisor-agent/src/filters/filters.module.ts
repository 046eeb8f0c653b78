import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { KernelModule } from '../kernel/kernel.module.js';
import { WorkModule } from '../work/work.module.js';
import { FilterEnforcement } from './filter-enforcement.js';
import { FilterHandlers } from './filter.handlers.js';
import { FilterService } from './filter.service.js';
import { NwFilterRepository } from './nwfilter.repository.js';

@Module({
  imports: [WorkModule, KernelModule, HypervisorModule, HostModule, DomainsModule],
  controllers: [FilterHandlers],
  providers: [NwFilterRepository, FilterEnforcement, FilterService],
  exports: [FilterService],
})
export class FiltersModule {}
