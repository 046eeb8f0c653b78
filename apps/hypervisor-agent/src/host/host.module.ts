import { Module } from '@nestjs/common';
import { AccelerationModule } from '../acceleration/acceleration.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { HardwareReader } from './hardware.reader.js';
import { HostFactsReader } from './host-facts.js';
import { QemuUserReader } from './qemu-user.reader.js';

@Module({
  imports: [HypervisorModule, AccelerationModule],
  providers: [HostFactsReader, HardwareReader, QemuUserReader],
  exports: [HostFactsReader, HardwareReader, QemuUserReader],
})
export class HostModule {}
