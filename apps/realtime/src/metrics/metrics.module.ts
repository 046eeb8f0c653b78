import { Module } from '@nestjs/common';
import { RealtimeMetrics } from './realtime-metrics.js';

@Module({
  providers: [RealtimeMetrics],
  exports: [RealtimeMetrics],
})
export class MetricsModule {}
