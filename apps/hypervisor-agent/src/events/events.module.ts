import { Module } from '@nestjs/common';
import { DomainsModule } from '../domains/domains.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { DomainWatch } from './domain-watch.js';
import { HostEvents } from './host-events.js';

@Module({
  imports: [HypervisorModule, DomainsModule],
  providers: [HostEvents, DomainWatch],
})
export class EventsModule {}
