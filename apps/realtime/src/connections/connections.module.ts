import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OutboundWatch } from './outbound-watch.js';
import { SessionGuard } from './session.guard.js';
import { SocketHub } from './socket.hub.js';

@Module({
  imports: [MetricsModule],
  providers: [OutboundWatch, SocketHub, SessionGuard],
  exports: [OutboundWatch, SocketHub, SessionGuard],
})
export class ConnectionsModule {}
