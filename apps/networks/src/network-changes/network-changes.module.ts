import { Module } from '@nestjs/common';
import { HostsModule } from '../hosts/hosts.module.js';
import { NetworksModule } from '../networks/networks.module.js';
import { RangesModule } from '../ranges/ranges.module.js';
import { NetworkChangesService } from './network-changes.service.js';
import { NetworkMutationResolver } from './network-mutation.resolver.js';

@Module({
  imports: [NetworksModule, RangesModule, HostsModule],
  providers: [NetworkChangesService, NetworkMutationResolver],
})
export class NetworkChangesModule {}
