import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloFederationDriver, type ApolloFederationDriverConfig } from '@nestjs/apollo';
import type { DynamicModule, Type } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { Request } from 'express';
import { GraphQLError } from 'graphql';
import { ACTOR_HEADER, IDEMPOTENCY_KEY_HEADER, idempotencyKeyIn, verifyActor } from '@infinibay/platform-access';
import { DomainError } from '@infinibay/contracts';
import { findContext, type Logger } from '@infinibay/platform-logging';
import { GraphContext } from './context.js';
import { formatGraphqlError } from './format-error.js';
import { withHeaderKeys } from './idempotency-key.js';
import { boundedExecutionPlugin } from './limits/bounded-execution.plugin.js';
import { SUBGRAPH_LIMITS, SUBGRAPH_TOKENS } from './limits/subgraph-limits.js';

export interface SubgraphOptions {
  readonly logger: Logger;
  readonly internalKey: string;
  /** Entities of other subgraphs that this one only extends. */
  readonly extendedEntities: readonly Type[];
}

/** The GraphQL endpoint of a subgraph: federation 2, answering only callers that know the internal key. */
export const subgraphModule = (options: SubgraphOptions): DynamicModule =>
  GraphQLModule.forRoot<ApolloFederationDriverConfig>({
    driver: ApolloFederationDriver,
    path: '/graphql',
    autoSchemaFile: { federation: 2 },
    // Fields are reached by other ways than queries: by what another subgraph refers to.
    fieldResolverEnhancers: ['guards'],
    sortSchema: true,
    transformSchema: withHeaderKeys,
    buildSchemaOptions: { orphanedTypes: [...options.extendedEntities] },
    introspection: false,
    playground: false,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: SUBGRAPH_TOKENS },
    plugins: [ApolloServerPluginInlineTraceDisabled(), boundedExecutionPlugin(SUBGRAPH_LIMITS, options.logger)],
    formatError: formatGraphqlError(options.logger),
    context: ({ req }: { req: Request }) => buildContext(req, options.internalKey),
  });

const buildContext = async (request: Request, internalKey: string): Promise<{ graph: GraphContext }> => {
  const header = request.headers[ACTOR_HEADER];
  try {
    const actor = await verifyActor(typeof header === 'string' ? header : undefined, internalKey);
    // Made where the request came in, so that statements see it too.
    const signal = findContext()?.signal ?? new AbortController().signal;
    return { graph: new GraphContext(actor, signal, idempotencyKeyIn(request.headers[IDEMPOTENCY_KEY_HEADER])) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: 401 } },
    });
  }
};
