import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { LivePublisher } from './live.publisher.js';
import { SampleController } from './sample.controller.js';
import { SampleIntake } from './sample.intake.js';
import { SampleRepository } from './sample.repository.js';
import { SampleRetention } from './sample.retention.js';
import { SampleWriter } from './sample.writer.js';
import { VmDirectory } from './vm.directory.js';

@Module({
  imports: [MetricsModule],
  controllers: [SampleController],
  providers: [LivePublisher, SampleIntake, SampleRepository, SampleRetention, SampleWriter, VmDirectory],
  exports: [SampleIntake, SampleRepository, VmDirectory],
})
export class SamplesModule {}
