import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module.js';
import { HostFailureService } from './host-failure.service.js';
import { PlacementRepository } from './placement.repository.js';
import { ConsideredHostResolver, HostFailureResolver, VmPlacementResolver } from './placement.resolver.js';

@Module({
  imports: [HostsModule],
  providers: [
    PlacementRepository,
    HostFailureService,
    VmPlacementResolver,
    ConsideredHostResolver,
    HostFailureResolver,
  ],
  exports: [PlacementRepository],
})
export class PlacementModule {}
