import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module.js';
import { NetworksModule } from '../networks/networks.module.js';
import { AttachmentController } from './attachment.controller.js';
import { AttachmentService } from './attachment.service.js';
import { NetworkPortsResolver } from './network-ports.resolver.js';
import { PortRepository } from './port.repository.js';
import { PortResolver } from './port.resolver.js';
import { PortService } from './port.service.js';
import { VmPortsResolver } from './vm-ports.resolver.js';

@Module({
  imports: [NetworksModule, HostsModule],
  controllers: [AttachmentController],
  providers: [PortRepository, PortService, AttachmentService, NetworkPortsResolver, PortResolver, VmPortsResolver],
})
export class PortsModule {}
