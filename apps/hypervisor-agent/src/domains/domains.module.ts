import { Module } from '@nestjs/common';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { DomainDevices } from './domain-devices.js';
import { DomainRepository } from './domain.repository.js';
import { RunningCards } from './running-cards.js';

@Module({
  imports: [HypervisorModule],
  providers: [DomainRepository, DomainDevices, RunningCards],
  exports: [DomainRepository, DomainDevices, RunningCards],
})
export class DomainsModule {}
