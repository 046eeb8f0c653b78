import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { ApolloGatewayDriver, type ApolloGatewayDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';
import type { RequestHandler } from 'express';
import type { Server } from 'node:http';

/** Requests that run may end; the whole shutdown has 9 seconds. */
const DRAIN_MS = 5_000;

export interface GatewayDriverConfig extends ApolloGatewayDriverConfig {
  /** Stands before the GraphQL server: what it refuses is never parsed or planned. */
  readonly guard: RequestHandler;
}

/**
 * Nest's gateway driver behind a guard of requests: Nest would put a middleware of a module behind the server. Its own
 * end waits for requests longer than a shutdown may take; the one that is added here closes what is left by then.
 */
@Injectable()
export class GatewayDriver extends ApolloGatewayDriver {
  override async start(options: GatewayDriverConfig): Promise<void> {
    const { httpAdapter } = this.httpAdapterHost;
    const { server = {} } = options;
    if (server.path === undefined) throw new Error('the gateway has no path');
    httpAdapter.use(server.path, options.guard);
    const drain = ApolloServerPluginDrainHttpServer({
      httpServer: httpAdapter.getHttpServer() as Server,
      stopGracePeriodMillis: DRAIN_MS,
    });
    await super.start({ ...options, server: { ...server, plugins: [...(server.plugins ?? []), drain] } });
  }
}
