import { GuestSample, metricsSubject } from '@infinibay/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { NATS_CONNECTION } from '@infinibay/platform-messaging';
import { LOGGER } from '@infinibay/platform-service';
import { vmRoom } from '../connections/rooms.js';
import { SessionWatch } from '../connections/session-watch.js';
import { SocketHub } from '../connections/socket.hub.js';

/** Hands live samples to those who watch the VM; samples of VMs that nobody watches are not even parsed. */
@Injectable()
export class SampleFeed implements BeforeApplicationShutdown {
  private subscription: Subscription | undefined;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly hub: SocketHub,
    private readonly sessions: SessionWatch,
  ) {}

  start(): void {
    this.subscription = this.connection.subscribe(metricsSubject('*', '*'), {
      callback: (error, message) => {
        if (error === null) this.deliver(message.subject, message.data);
      },
    });
  }

  beforeApplicationShutdown(): void {
    this.subscription?.unsubscribe();
  }

  private deliver(subject: string, data: Uint8Array): void {
    const [departmentId = '', vmId = ''] = subject.split('.').slice(-2);
    const room = vmRoom(departmentId, vmId);
    if (!this.hub.io.sockets.adapter.rooms.has(room) || !this.sessions.knowsAudience) return;
    try {
      const sample = GuestSample.parse(JSON.parse(Buffer.from(data).toString('utf8')));
      if (metricsSubject(sample.departmentId, sample.vmId) !== subject)
        throw new RangeError('the sample is of another VM than its subject');
      this.hub.countDelivery('metrics', [room]);
      this.hub.io.to(room).volatile.emit('metrics', sample);
    } catch (error) {
      this.logger.warn({ err: error, subject }, 'sample skipped');
    }
  }
}
