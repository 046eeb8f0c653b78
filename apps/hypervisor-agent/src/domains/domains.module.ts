import { Module } from '@nestjs/common';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { DomainRepository } from './domain.repository.js';
import { RunningCards } from './running-cards.js';

@Module({
  imports: [HypervisorModule],
  providers: [DomainRepository, RunningCards],
  exports: [DomainRepository, RunningCards],
})
export class DomainsModule {}
