import { Module } from '@nestjs/common';
import { FleetRepository } from './fleet.repository.js';
import { HostRepository } from './host.repository.js';
import { HostResolver } from './host.resolver.js';

@Module({
  providers: [FleetRepository, HostRepository, HostResolver],
  exports: [FleetRepository, HostRepository],
})
export class HostsModule {}
