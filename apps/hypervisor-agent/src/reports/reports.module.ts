import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { InventoryModule } from '../inventory/inventory.module.js';
import { HostReporter } from './host.reporter.js';
import { SizeReporter } from './size.reporter.js';

@Module({
  imports: [HypervisorModule, DomainsModule, InventoryModule],
  providers: [HostReporter, SizeReporter],
})
export class ReportsModule {}
