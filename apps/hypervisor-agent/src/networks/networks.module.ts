import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { KernelModule } from '../kernel/kernel.module.js';
import { HostNetworkReader } from './host-network.reader.js';
import { HostRanges } from './host-ranges.service.js';
import { LeaseService } from './lease.service.js';
import { NetworkCheck } from './network-check.service.js';
import { NetworkRepairs } from './network-repairs.js';
import { NetworkWatch } from './network-watch.js';
import { NetworkHandlers } from './network.handlers.js';
import { NetworkReporter } from './network.reporter.js';
import { NetworkRepository } from './network.repository.js';
import { NetworkService } from './network.service.js';

@Module({
  imports: [KernelModule, HypervisorModule, HostModule, DomainsModule],
  controllers: [NetworkHandlers],
  providers: [
    HostNetworkReader,
    HostRanges,
    LeaseService,
    NetworkRepository,
    NetworkRepairs,
    NetworkCheck,
    NetworkService,
    NetworkReporter,
    NetworkWatch,
  ],
})
export class NetworksModule {}
