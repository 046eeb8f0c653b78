import {
  Global,
  Inject,
  Module,
  Optional,
  type DynamicModule,
  type FactoryProvider,
  type InjectionToken,
  type OnApplicationShutdown,
  type ValueProvider,
} from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  AccessTokenStrategy,
  ActorResolver,
  AuthGuard,
  NatsSessionSource,
  PolicyCheck,
  SESSION_SOURCE,
  type SessionSource,
} from '@infinibay/platform-access';
import type { ServiceName } from '@infinibay/contracts';
import {
  HEALTH_ADDRESS,
  HEALTH_CLOCK,
  HEALTH_METRICS,
  HEALTH_PROBES,
  HEALTH_SERVICE,
  HealthController,
  HealthListener,
  HealthPortGuard,
  databaseProbe,
  natsProbe,
  outboxProbe,
  type HealthAddress,
  type Probe,
} from '@infinibay/platform-health';
import { lostLogLines, type Logger } from '@infinibay/platform-logging';
import { ClockSkew, MessagingModule, NATS_CONNECTION, RequestClient } from '@infinibay/platform-messaging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { SQL_CLIENT, type SqlClient } from '@infinibay/platform-persistence';
import { DatabaseClock } from './database-clock.js';

export const LOGGER = Symbol('LOGGER');

export interface PlatformOptions {
  readonly service: ServiceName;
  readonly logger: Logger;
  readonly nats: { readonly url: string; readonly user: string; readonly password: string };
  readonly hostId?: string;
  /** The service's configuration, for each of its modules to inject. */
  readonly settings?: readonly ValueProvider[];
  /** The service's Prisma client and the class by which the service injects it. */
  readonly database?: { readonly token: InjectionToken; readonly client: SqlClient };
  /** Where sessions are asked for; over NATS when left out. */
  readonly sessions?: SessionSource;
  /** Whether the service is of no use without NATS; true when left out. */
  readonly needsNats?: boolean;
  /** Where /health and /metrics are answered when HTTP_PORT is for everybody; there when left out. */
  readonly health?: HealthAddress;
  /** Further dependencies of readiness, made with what they inject. */
  readonly probes?: readonly Omit<FactoryProvider<Probe>, 'provide'>[];
}

/** Everything that each service has: logger, metrics, NATS, outbox relay, health and token checks. */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(@Optional() @Inject(SQL_CLIENT) private readonly database: SqlClient | undefined) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database?.$disconnect();
  }

  static forRoot(options: PlatformOptions): DynamicModule {
    const metrics = new MetricsRegistry(options.service);
    metrics.observed('infinibay_log_lines_lost', 'Log lines that could not be written', lostLogLines);
    const { logger } = options;
    const probeTokens = (options.probes ?? []).map((probe, index) => ({ provide: `PROBE_${index}`, ...probe }));
    return {
      module: PlatformModule,
      imports: [
        DiscoveryModule,
        MessagingModule.forRoot({
          nats: { ...options.nats, service: options.service },
          logger,
          metrics,
          ...(options.hostId === undefined ? {} : { hostId: options.hostId }),
          outbox: options.database !== undefined,
        }),
      ],
      controllers: [HealthController],
      providers: [
        ...(options.settings ?? []),
        { provide: LOGGER, useValue: logger },
        { provide: MetricsRegistry, useValue: metrics },
        { provide: HEALTH_METRICS, useValue: metrics },
        { provide: HEALTH_SERVICE, useValue: options.service },
        { provide: HEALTH_CLOCK, useExisting: ClockSkew },
        { provide: HEALTH_ADDRESS, useValue: options.health ?? null },
        { provide: APP_GUARD, useClass: AuthGuard },
        PolicyCheck,
        HealthListener,
        HealthPortGuard,
        ...(options.database === undefined ? [] : [DatabaseClock]),
        ...databaseProviders(options),
        ...probeTokens,
        {
          provide: HEALTH_PROBES,
          inject: [NATS_CONNECTION, ...probeTokens.map((probe) => probe.provide)],
          useFactory: (connection: NatsConnection, ...probes: Probe[]): Probe[] => [
            { ...natsProbe(connection, options.service), required: options.needsNats ?? true },
            ...(options.database === undefined
              ? []
              : [databaseProbe(options.database.client), outboxProbe(options.database.client)]),
            ...probes,
          ],
        },
        {
          provide: SESSION_SOURCE,
          inject: [RequestClient],
          useFactory: (requests: RequestClient): SessionSource => options.sessions ?? new NatsSessionSource(requests),
        },
        AccessTokenStrategy,
        ActorResolver,
      ],
      exports: [LOGGER, MetricsRegistry, ActorResolver, MessagingModule, ...tokensOf(options)],
    };
  }
}

const databaseProviders = ({ database }: PlatformOptions) =>
  database === undefined
    ? []
    : [
        { provide: SQL_CLIENT, useValue: database.client },
        { provide: database.token, useValue: database.client },
      ];

/** What of the service itself its modules inject. */
const tokensOf = ({ settings = [], database }: PlatformOptions): InjectionToken[] => [
  ...settings.map(({ provide }) => provide),
  ...(database === undefined ? [] : [SQL_CLIENT, database.token]),
];
