import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { SamplesModule } from '../samples/samples.module.js';
import { GuestConnectionRepository } from './guest-connection.repository.js';
import { GuestPresence } from './guest.presence.js';
import { GuestRegistry } from './guest.registry.js';

@Module({
  imports: [MetricsModule, SamplesModule],
  providers: [GuestConnectionRepository, GuestPresence, GuestRegistry],
})
export class GuestsModule {}
