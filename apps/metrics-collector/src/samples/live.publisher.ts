import type { GuestSample } from '@infinibay/contracts';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { NATS_CONNECTION, ReportPublisher } from '@infinibay/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import { CollectorMetrics } from '../metrics/collector-metrics.js';

/** Sends samples live. They are lossy: while NATS is away they are dropped and not piled up in the client's buffer. */
@Injectable()
export class LivePublisher implements OnApplicationBootstrap {
  private connected = true;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    private readonly publisher: ReportPublisher,
    private readonly metrics: CollectorMetrics,
  ) {}

  onApplicationBootstrap(): void {
    void this.follow();
  }

  publish(sample: GuestSample): void {
    if (!this.connected || this.connection.isClosed() || this.connection.isDraining())
      this.metrics.sampleDropped('nats_down');
    else this.publisher.publishSample(sample);
  }

  private async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.connected = false;
      else if (status.type === 'reconnect') this.connected = true;
    }
  }
}
