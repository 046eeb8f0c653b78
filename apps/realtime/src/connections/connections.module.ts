import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { OutboundWatch } from './outbound-watch.js';
import { SessionQuestions } from './session-questions.js';
import { SessionWatch } from './session-watch.js';
import { SocketHub } from './socket.hub.js';

@Module({
  imports: [MetricsModule],
  providers: [OutboundWatch, SocketHub, SessionQuestions, SessionWatch],
  exports: [OutboundWatch, SocketHub, SessionWatch],
})
export class ConnectionsModule {}
