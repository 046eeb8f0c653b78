import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { EventFeed } from './event.feed.js';
import { EventReplay } from './event.replay.js';
import { EventStream } from './event.stream.js';

@Module({
  imports: [MetricsModule, ConnectionsModule],
  providers: [EventStream, EventFeed, EventReplay],
  exports: [EventFeed, EventReplay],
})
export class EventsModule {}
