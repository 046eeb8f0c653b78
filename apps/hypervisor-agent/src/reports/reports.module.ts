import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { InventoryModule } from '../inventory/inventory.module.js';
import { HardwareReporter } from './hardware.reporter.js';
import { HostReporter } from './host.reporter.js';
import { SizeReporter } from './size.reporter.js';

@Module({
  imports: [HypervisorModule, HostModule, DomainsModule, InventoryModule],
  providers: [HostReporter, SizeReporter, HardwareReporter],
})
export class ReportsModule {}
