import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { SampleFeed } from './sample.feed.js';

@Module({
  imports: [ConnectionsModule],
  providers: [SampleFeed],
  exports: [SampleFeed],
})
export class SamplesModule {}
