import { Module } from '@nestjs/common';
import { AccelerationModule } from '../acceleration/acceleration.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { HostFactsReader } from './host-facts.js';

@Module({
  imports: [HypervisorModule, AccelerationModule],
  providers: [HostFactsReader],
  exports: [HostFactsReader],
})
export class HostModule {}
