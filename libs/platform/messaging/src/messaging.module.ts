import {
  Global,
  Inject,
  Injectable,
  Module,
  type DynamicModule,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import { SQL_CLIENT, type SqlClient } from '@infinibay/platform-persistence';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import { ContractTransport } from './contract-transport.js';
import { ClockSkew } from './clock-skew.js';
import { EventPublisher } from './event-publisher.js';
import { connectToNats, type NatsOptions } from './nats-connection.js';
import { OutboxRelay } from './outbox-relay.js';
import { PeerClocks } from './peer-clocks.js';
import { ReportPublisher } from './reports.js';
import { RequestClient, type ResendListener } from './request-client.js';
import { MESSAGING_LOGGER, MESSAGING_METRICS, MESSAGING_SERVICE, NATS_CONNECTION } from './tokens.js';

export interface MessagingOptions {
  readonly nats: NatsOptions;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** The host that this process speaks for; only the hypervisor-agent has one. */
  readonly hostId?: string;
  /** Publishes the outbox of the service; needs a provider of SQL_CLIENT in a global module. */
  readonly outbox: boolean;
}

/** Optional outbox relay: services without a database have none. */
@Injectable()
export class OutboxRelayHolder {
  constructor(readonly value: OutboxRelay | undefined) {}
  /** Call after a commit that wrote events. */
  notify(): void {
    this.value?.notify();
  }
}

@Injectable()
class ConnectionLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    private readonly relay: OutboxRelayHolder,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.value?.start();
  }

  /** Events that are not out yet wait in the outbox for the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.relay.value?.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    // Drain flushes what was published; a server that is gone must not hold up the exit.
    await Promise.race([
      this.connection.drain().catch(() => undefined),
      new Promise((resolve) => setTimeout(resolve, 2_000).unref()),
    ]);
    await this.connection.close().catch(() => undefined);
  }
}

const relayProvider = (options: MessagingOptions): Provider => ({
  provide: OutboxRelayHolder,
  inject: options.outbox ? [NATS_CONNECTION, SQL_CLIENT] : [],
  useFactory: (connection?: NatsConnection, client?: SqlClient) =>
    new OutboxRelayHolder(
      connection === undefined || client === undefined
        ? undefined
        : new OutboxRelay(connection, client, options.logger, options.metrics),
    ),
});

@Global()
@Module({})
export class MessagingModule {
  static forRoot(options: MessagingOptions): DynamicModule {
    const durations = options.metrics.histogram('infinibay_request_sent_seconds', 'Commands and queries sent', [
      'name',
      'outcome',
    ]);
    const resent = options.metrics.counter('infinibay_requests_resent_total', 'Requests sent again to a new owner', [
      'name',
    ]);
    const onResend: ResendListener = (name, hostId) => {
      resent.inc({ name });
      options.logger.info({ request: name, hostId }, 'request sent again: its owner has begun to listen');
    };
    const skew = new ClockSkew(options.logger, options.metrics);
    const clocks = new PeerClocks(options.nats.service, (...seen) => {
      skew.observe(...seen);
    });
    return {
      module: MessagingModule,
      providers: [
        { provide: MESSAGING_LOGGER, useValue: options.logger },
        { provide: MESSAGING_METRICS, useValue: options.metrics },
        { provide: MESSAGING_SERVICE, useValue: { service: options.nats.service, hostId: options.hostId, clocks } },
        { provide: ClockSkew, useValue: skew },
        { provide: NATS_CONNECTION, useFactory: () => connectToNats(options.nats, options.logger) },
        {
          provide: RequestClient,
          inject: [NATS_CONNECTION],
          useFactory: (connection: NatsConnection) => new RequestClient(connection, durations, clocks, onResend),
        },
        {
          provide: ReportPublisher,
          inject: [NATS_CONNECTION],
          useFactory: (connection: NatsConnection) => new ReportPublisher(connection),
        },
        {
          provide: EventPublisher,
          inject: [NATS_CONNECTION],
          useFactory: (connection: NatsConnection) => new EventPublisher(connection),
        },
        relayProvider(options),
        ConnectionLifecycle,
        ContractTransport,
      ],
      exports: [ClockSkew, NATS_CONNECTION, RequestClient, ReportPublisher, EventPublisher, OutboxRelayHolder],
    };
  }
}
