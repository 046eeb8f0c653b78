import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '@infinibay/platform-metrics';

/** Everything that this service counts. */
@Injectable()
export class RealtimeMetrics {
  readonly connections;
  readonly refused;
  readonly ended;
  readonly deliveries;
  readonly replayed;
  readonly replayedBytes;
  readonly waitingBytes;
  readonly sequence;

  constructor(metrics: MetricsRegistry) {
    this.connections = metrics.gauge('infinibay_realtime_connections', 'Clients that are connected');
    this.refused = metrics.counter<'code'>('infinibay_realtime_refused_total', 'Connections that were refused', [
      'code',
    ]);
    this.ended = metrics.counter<'code'>('infinibay_realtime_ended_total', 'Connections that the server ended', [
      'code',
    ]);
    this.deliveries = metrics.counter<'kind'>(
      'infinibay_realtime_deliveries_total',
      'Messages handed to clients, by kind',
      ['kind'],
    );
    this.replayed = metrics.counter('infinibay_realtime_replayed_total', 'Events sent again after a resume');
    this.replayedBytes = metrics.counter('infinibay_realtime_replayed_bytes_total', 'Bytes of events sent again');
    this.waitingBytes = metrics.gauge(
      'infinibay_realtime_waiting_bytes',
      'Bytes that wait for clients which have not read them',
    );
    this.sequence = metrics.gauge('infinibay_realtime_event_sequence', 'Sequence of the last event that was delivered');
  }
}
