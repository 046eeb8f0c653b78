import { Global, Module } from '@nestjs/common';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { AccelerationService } from './acceleration.service.js';
import { GuestProbe } from './guest-probe.js';

/** Global, for readiness (which the platform's module checks) asks it too. */
@Global()
@Module({
  imports: [HypervisorModule],
  providers: [GuestProbe, AccelerationService],
  exports: [AccelerationService],
})
export class AccelerationModule {}
