import { readFile } from 'node:fs/promises';
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import { SUBGRAPHS, type SubgraphName } from '@infinibay/contracts';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { formatGraphqlError, readListBounds } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import type { Express } from 'express';
import { buildSchema } from 'graphql';
import type { Server } from 'node:http';
import { GATEWAY_CONFIG, subgraphUrls, type GatewayConfig } from '../config.js';
import { GatewayContextFactory, type GatewayContext } from './gateway-context.js';
import { requestGuard } from './request-guard.js';
import { requestMetricsPlugin } from './request-metrics.plugin.js';
import { SubgraphClient } from './subgraph-client.js';

export const GRAPHQL_PATH = '/graphql';
/** Requests that run may end; the whole shutdown has 9 seconds. */
const DRAIN_MS = 5_000;

/** Serves the supergraph: limits, then the actor, then planning and the subgraphs. */
@Injectable()
export class GraphqlEndpoint implements OnModuleInit, OnModuleDestroy {
  private server: ApolloServer<GatewayContext> | undefined;

  constructor(
    private readonly adapters: HttpAdapterHost,
    private readonly contexts: GatewayContextFactory,
    private readonly metrics: MetricsRegistry,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const adapter = this.adapters.httpAdapter;
    const app: Express = adapter.getInstance<Express>();
    const introspection = this.config.NODE_ENV !== 'production';
    const supergraph = await readFile(this.config.SUPERGRAPH_PATH, 'utf8');
    const bounds = readListBounds(buildSchema(supergraph, { assumeValid: true }));
    this.server = this.createServer(supergraph, adapter.getHttpServer() as Server, introspection);
    await this.server.start();
    app.use(
      GRAPHQL_PATH,
      requestGuard({ introspection, bounds }, this.metrics),
      expressMiddleware(this.server, { context: ({ req, res }) => this.contexts.create(req, res) }),
    );
  }

  async onModuleDestroy(): Promise<void> {
    await this.server?.stop();
  }

  private createServer(supergraph: string, httpServer: Server, introspection: boolean): ApolloServer<GatewayContext> {
    return new ApolloServer<GatewayContext>({
      gateway: this.createGateway(supergraph),
      introspection,
      // "Did you mean …" tells the schema name by name.
      hideSchemaDetailsFromClientErrors: !introspection,
      csrfPrevention: true,
      allowBatchedHttpRequests: false,
      persistedQueries: false,
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      formatError: formatGraphqlError(this.logger),
      logger: this.logger,
      plugins: [
        requestMetricsPlugin(this.metrics),
        ApolloServerPluginLandingPageDisabled(),
        ApolloServerPluginUsageReportingDisabled(),
        ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: DRAIN_MS }),
      ],
    });
  }

  private createGateway(supergraphSdl: string): ApolloGateway {
    const urls = subgraphUrls(this.config);
    return new ApolloGateway({
      supergraphSdl,
      logger: this.logger,
      buildService: ({ name }) => {
        if (!isSubgraph(name)) throw new Error(`the supergraph names a subgraph that has no URL: ${name}`);
        return new SubgraphClient({ service: name, url: urls[name], timeoutMs: this.config.SUBGRAPH_TIMEOUT_MS });
      },
    });
  }
}

const isSubgraph = (name: string): name is SubgraphName => SUBGRAPHS.some((subgraph) => subgraph === name);
