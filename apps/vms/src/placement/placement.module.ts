import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module.js';
import { PlacementGroupsModule } from '../placement-groups/placement-groups.module.js';
import { HostFailureService } from './host-failure.service.js';
import { HostOvercommitResolver } from './overcommit.resolver.js';
import { OvercommitService } from './overcommit.service.js';
import { PlacementRepository } from './placement.repository.js';
import { ConsideredHostResolver, HostFailureResolver, VmPlacementResolver } from './placement.resolver.js';

@Module({
  imports: [HostsModule, PlacementGroupsModule],
  providers: [
    PlacementRepository,
    HostFailureService,
    VmPlacementResolver,
    ConsideredHostResolver,
    HostFailureResolver,
    OvercommitService,
    HostOvercommitResolver,
  ],
  exports: [PlacementRepository],
})
export class PlacementModule {}
