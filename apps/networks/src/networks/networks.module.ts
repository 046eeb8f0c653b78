import { Module } from '@nestjs/common';
import { DepartmentNetworksResolver } from './department-networks.resolver.js';
import { NetworkRepository } from './network.repository.js';
import { NetworkResolver } from './network.resolver.js';
import { NetworkService } from './network.service.js';

@Module({
  providers: [NetworkRepository, NetworkService, NetworkResolver, DepartmentNetworksResolver],
  exports: [NetworkRepository, NetworkService],
})
export class NetworksModule {}
