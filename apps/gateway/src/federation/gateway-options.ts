import { readFile } from 'node:fs/promises';
import { ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import { SUBGRAPHS, type SubgraphName } from '@infinibay/contracts';
import { formatGraphqlError, readListBounds } from '@infinibay/platform-graphql';
import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { Request, Response } from 'express';
import { buildSchema } from 'graphql';
import { subgraphUrls, type GatewayConfig } from '../config.js';
import type { GatewayContext, GatewayContextFactory } from './gateway-context.js';
import type { GatewayDriverConfig } from './gateway.driver.js';
import { DocumentStore } from './document-store.js';
import { requestGuard } from './request-guard.js';
import { requestMetricsPlugin } from './request-metrics.plugin.js';
import { SubgraphClient } from './subgraph-client.js';

export const GRAPHQL_PATH = '/graphql';
const MOST_ERRORS = 5;

/** Serves the supergraph: limits, then the actor, then planning and the subgraphs. */
export const gatewayOptions = async (
  config: GatewayConfig,
  logger: Logger,
  metrics: MetricsRegistry,
  contexts: GatewayContextFactory,
): Promise<GatewayDriverConfig> => {
  const introspection = config.NODE_ENV !== 'production';
  const supergraphSdl = await readFile(config.SUPERGRAPH_PATH, 'utf8');
  const bounds = readListBounds(buildSchema(supergraphSdl, { assumeValid: true }));
  const urls = subgraphUrls(config);
  return {
    guard: requestGuard({ introspection, bounds }, metrics),
    gateway: {
      supergraphSdl,
      logger,
      buildService: ({ name }) => {
        if (!isSubgraph(name)) throw new Error(`the supergraph names a subgraph that has no URL: ${name}`);
        return new SubgraphClient({ service: name, url: urls[name], timeoutMs: config.SUBGRAPH_TIMEOUT_MS });
      },
    },
    server: {
      path: GRAPHQL_PATH,
      context: ({ req, res }: { req: Request; res: Response }): Promise<GatewayContext> => contexts.create(req, res),
      introspection,
      // The page is ours, see GraphiqlController.
      graphiql: false,
      // "Did you mean …" tells the schema name by name.
      hideSchemaDetailsFromClientErrors: !introspection,
      csrfPrevention: true,
      allowBatchedHttpRequests: false,
      persistedQueries: false,
      documentStore: new DocumentStore(),
      // Each repeats names of the query, and looks for its line.
      validationOptions: { maxErrors: MOST_ERRORS },
      includeStacktraceInErrorResponses: false,
      stopOnTerminationSignals: false,
      autoTransformHttpErrors: false,
      preserveHttpStatusForExecutionErrors: false,
      formatError: formatGraphqlError(logger),
      logger,
      plugins: [requestMetricsPlugin(metrics), ApolloServerPluginUsageReportingDisabled()],
    },
  };
};

const isSubgraph = (name: string): name is SubgraphName => SUBGRAPHS.some((subgraph) => subgraph === name);
