import { Module } from '@nestjs/common';
import { GuestMetricsResolver } from './guest-metrics.resolver.js';
import { GuestConsumer } from './guest.consumer.js';
import { GuestRepository } from './guest.repository.js';

@Module({
  controllers: [GuestConsumer],
  providers: [GuestRepository, GuestMetricsResolver],
})
export class GuestModule {}
