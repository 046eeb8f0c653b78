import { RemoteGraphQLDataSource, type GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { SubgraphName } from '@infinibay/contracts';
import { DomainError, isErrorCode } from '@infinibay/contracts';
import { ACTOR_HEADER, CLIENT_ADDRESS_HEADER } from '@infinibay/platform-access';
import { CORRELATION_HEADER } from '@infinibay/platform-service';
import { GraphQLError } from 'graphql';
import type { GatewayContext } from './gateway-context.js';

export interface SubgraphClientOptions {
  readonly service: SubgraphName;
  readonly url: string;
  readonly timeoutMs: number;
}

type Outgoing = GraphQLDataSourceProcessOptions<GatewayContext>;
type Answer = Awaited<ReturnType<RemoteGraphQLDataSource<GatewayContext>['process']>>;

/** Asks one subgraph as the actor of the request. A subgraph that is down or slow is an error of its fields, nothing more. */
export class SubgraphClient extends RemoteGraphQLDataSource<GatewayContext> {
  private readonly service: SubgraphName;

  constructor({ service, url, timeoutMs }: SubgraphClientOptions) {
    super({ url, honorSubgraphCacheControlHeader: false });
    this.service = service;
    // Node's own client keeps connections open and costs less than the library's.
    this.fetcher = (target, init) => {
      const { method = 'POST', headers = {}, body = '' } = init ?? {};
      return fetch(target, { method, headers, body: body.toString(), signal: AbortSignal.timeout(timeoutMs) });
    };
  }

  override willSendRequest(options: Outgoing): void {
    // Other kinds are for gateways that compose for themselves.
    if (!('incomingRequestContext' in options)) return;
    const { request, context } = options;
    request.http?.headers.set(ACTOR_HEADER, context.signedActor);
    request.http?.headers.set(CORRELATION_HEADER, context.correlationId);
    request.http?.headers.set(CLIENT_ADDRESS_HEADER, context.clientAddress);
  }

  override async process(options: Outgoing): Promise<Answer> {
    try {
      return await super.process(options);
    } catch (error) {
      throw this.toGraphqlError(error);
    }
  }

  /** The client need not know what the network said; the cause goes to the log. */
  private toGraphqlError(error: unknown): GraphQLError {
    const code = error instanceof GraphQLError ? error.extensions['code'] : undefined;
    if (error instanceof GraphQLError && isErrorCode(code)) return error;
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
    const failure = new DomainError(
      timedOut ? 'DEADLINE_EXCEEDED' : 'SERVICE_UNAVAILABLE',
      { service: this.service },
      { cause: error },
    );
    const { kind, details } = failure;
    return new GraphQLError(failure.message, {
      originalError: failure,
      extensions: { code: failure.code, kind, details },
    });
  }
}
