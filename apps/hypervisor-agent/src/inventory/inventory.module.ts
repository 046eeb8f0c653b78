import { Module } from '@nestjs/common';
import { AccelerationModule } from '../acceleration/acceleration.module.js';
import { DomainsModule } from '../domains/domains.module.js';
import { HostModule } from '../host/host.module.js';
import { HypervisorModule } from '../hypervisor/hypervisor.module.js';
import { ImagesModule } from '../images/images.module.js';
import { HostDetailsReader } from './host-details.reader.js';
import { InventoryHandlers } from './inventory.handlers.js';
import { InventoryService } from './inventory.service.js';
import { PciDeviceReader } from './pci-device.reader.js';

@Module({
  imports: [HypervisorModule, AccelerationModule, HostModule, DomainsModule, ImagesModule],
  controllers: [InventoryHandlers],
  providers: [InventoryService, PciDeviceReader, HostDetailsReader],
  exports: [InventoryService],
})
export class InventoryModule {}
