import { Module } from '@nestjs/common';
import { NetworksModule } from '../networks/networks.module.js';
import { PlatformEndpoints } from './platform-endpoints.js';
import { RangeAllocation } from './range-allocation.service.js';
import { ReservedRangesRepository } from './reserved-ranges.repository.js';

@Module({
  imports: [NetworksModule],
  providers: [PlatformEndpoints, ReservedRangesRepository, RangeAllocation],
  exports: [ReservedRangesRepository, RangeAllocation],
})
export class RangesModule {}
