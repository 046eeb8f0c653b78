import { Module } from '@nestjs/common';
import { AccelerationModule } from '../acceleration/acceleration.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { HardwareReader } from './hardware.reader.js';
import { HostFactsReader } from './host-facts.js';
import { QemuUserReader } from './qemu-user.reader.js';
import { TuningReader } from './tuning.reader.js';

@Module({
  imports: [HypervisorModule, AccelerationModule],
  providers: [HostFactsReader, HardwareReader, TuningReader, QemuUserReader],
  exports: [HostFactsReader, HardwareReader, TuningReader, QemuUserReader],
})
export class HostModule {}
