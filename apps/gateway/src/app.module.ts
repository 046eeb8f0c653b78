import { SUBGRAPHS } from '@infinibay/contracts';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { HttpErrorFilter, LOGGER, PlatformModule } from '@infinibay/platform-service';
import { CallerLimits } from './callers/caller-limits.js';
import { RefusalGate } from './callers/refusal-gate.js';
import { GATEWAY_CONFIG, subgraphUrls, type GatewayConfig } from './config.js';
import { GatewayContextFactory } from './federation/gateway-context.js';
import { gatewayOptions } from './federation/gateway-options.js';
import { GatewayDriver, type GatewayDriverConfig } from './federation/gateway.driver.js';
import { subgraphProbe } from './federation/subgraph-probe.js';
import { GraphiqlController } from './graphiql/graphiql.controller.js';
import { UsersSessions } from './sessions/users-sessions.js';

/** Who asks, and whether it is that caller's turn. */
@Module({
  providers: [CallerLimits, RefusalGate, GatewayContextFactory],
  exports: [GATEWAY_CONFIG, GatewayContextFactory],
})
class CallersModule {
  static forRoot(config: GatewayConfig): DynamicModule {
    return { module: CallersModule, providers: [{ provide: GATEWAY_CONFIG, useValue: config }] };
  }
}

@Module({})
export class AppModule {
  static forRoot(config: GatewayConfig, logger: Logger): DynamicModule {
    const urls = subgraphUrls(config);
    const callers = CallersModule.forRoot(config);
    return {
      module: AppModule,
      imports: [
        callers,
        GraphQLModule.forRootAsync<GatewayDriverConfig>({
          driver: GatewayDriver,
          imports: [callers],
          inject: [GATEWAY_CONFIG, LOGGER, MetricsRegistry, GatewayContextFactory],
          useFactory: gatewayOptions,
        }),
        PlatformModule.forRoot({
          service: 'gateway',
          logger,
          nats: { url: config.NATS_URL, user: config.NATS_USER, password: config.NATS_PASSWORD },
          health: { host: config.HEALTH_HOST, port: config.HEALTH_PORT },
          sessions: new UsersSessions(config.USERS_URL, config.INTERNAL_KEY),
          // Queries and sessions go on without it, and mutations reach the subgraphs.
          needsNats: false,
          probes: SUBGRAPHS.map((service) => ({ useFactory: () => subgraphProbe(service, urls[service]) })),
        }),
      ],
      controllers: config.NODE_ENV === 'production' ? [] : [GraphiqlController],
      providers: [{ provide: APP_FILTER, useClass: HttpErrorFilter }],
    };
  }
}
