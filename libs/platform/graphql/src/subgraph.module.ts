import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloFederationDriver, type ApolloFederationDriverConfig } from '@nestjs/apollo';
import type { DynamicModule, Type } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { Request, Response } from 'express';
import { GraphQLError } from 'graphql';
import { ACTOR_HEADER, verifyActor } from '@infinibay/platform-access';
import { DomainError } from '@infinibay/contracts';
import type { Logger } from '@infinibay/platform-logging';
import { GraphContext } from './context.js';
import { formatGraphqlError } from './format-error.js';
import { boundedExecutionPlugin } from './limits/bounded-execution.plugin.js';
import { SUBGRAPH_LIMITS, SUBGRAPH_TOKENS } from './limits/subgraph-limits.js';
import { requestSignal } from './request-signal.js';

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
    sortSchema: true,
    buildSchemaOptions: { orphanedTypes: [...options.extendedEntities] },
    introspection: false,
    playground: false,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: SUBGRAPH_TOKENS },
    plugins: [ApolloServerPluginInlineTraceDisabled(), boundedExecutionPlugin(SUBGRAPH_LIMITS, options.logger)],
    formatError: formatGraphqlError(options.logger),
    context: ({ req, res }: { req: Request; res: Response }) => buildContext(req, res, options.internalKey),
  });

const buildContext = async (
  request: Request,
  response: Response,
  internalKey: string,
): Promise<{ graph: GraphContext }> => {
  const header = request.headers[ACTOR_HEADER];
  try {
    const actor = await verifyActor(typeof header === 'string' ? header : undefined, internalKey);
    return { graph: new GraphContext(actor, requestSignal(request, response)) };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new GraphQLError(error.message, {
      originalError: error,
      extensions: { code: error.code, http: { status: 401 } },
    });
  }
};
