import { Global, Module } from '@nestjs/common';
import { Hypervisor } from './hypervisor.js';
import { QuarantineReporter } from './quarantine.reporter.js';

/** Global, for readiness (which the platform's module checks) asks it too. */
@Global()
@Module({
  providers: [Hypervisor, QuarantineReporter],
  exports: [Hypervisor, QuarantineReporter],
})
export class HypervisorModule {}
