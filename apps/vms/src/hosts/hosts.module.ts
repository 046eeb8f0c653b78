import { Module } from '@nestjs/common';
import { HostRepository } from './host.repository.js';
import { HostResolver } from './host.resolver.js';

@Module({
  providers: [HostRepository, HostResolver],
  exports: [HostRepository],
})
export class HostsModule {}
