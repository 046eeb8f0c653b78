import { Module } from '@nestjs/common';
import { CollectorMetrics } from './collector-metrics.js';

@Module({
  providers: [CollectorMetrics],
  exports: [CollectorMetrics],
})
export class MetricsModule {}
