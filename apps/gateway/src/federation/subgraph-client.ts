import { AsyncLocalStorage } from 'node:async_hooks';
import { RemoteGraphQLDataSource, type GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import type { SubgraphName } from '@infinibay/contracts';
import { DomainError, isErrorCode } from '@infinibay/contracts';
import {
  ACTOR_HEADER,
  CLIENT_ADDRESS_HEADER,
  DEADLINE_HEADER,
  IDEMPOTENCY_KEY_HEADER,
} from '@infinibay/platform-access';
import { MAX_REPRESENTATIONS } from '@infinibay/platform-graphql';
import { CORRELATION_HEADER } from '@infinibay/platform-service';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import type { GatewayContext } from './gateway-context.js';
import { askOnce } from './representations.js';
import type { RequestLifetime } from './request-lifetime.js';

export interface SubgraphClientOptions {
  readonly service: SubgraphName;
  readonly url: string;
  readonly timeoutMs: number;
}

type Outgoing = GraphQLDataSourceProcessOptions<GatewayContext>;
type Answer = Awaited<ReturnType<RemoteGraphQLDataSource<GatewayContext>['process']>>;

/** Asks one subgraph as the actor of the request. A subgraph that is down or slow is an error of its fields, nothing more. */
export class SubgraphClient extends RemoteGraphQLDataSource<GatewayContext> {
  /** The fetcher is called without the context. */
  private readonly lifetimes = new AsyncLocalStorage<RequestLifetime>();

  constructor(private readonly options: SubgraphClientOptions) {
    super({ url: options.url, honorSubgraphCacheControlHeader: false });
    this.fetcher = (target, init) => this.send(target, init);
  }

  override willSendRequest(options: Outgoing): void {
    // Other kinds are for gateways that compose for themselves.
    if (!('incomingRequestContext' in options)) return;
    const { request, context } = options;
    request.http?.headers.set(ACTOR_HEADER, context.signedActor);
    request.http?.headers.set(CORRELATION_HEADER, context.correlationId);
    request.http?.headers.set(CLIENT_ADDRESS_HEADER, context.clientAddress);
    if (context.idempotencyKey !== undefined) request.http?.headers.set(IDEMPOTENCY_KEY_HEADER, context.idempotencyKey);
    request.http?.headers.set(DEADLINE_HEADER, String(this.timeoutMs(context.lifetime)));
  }

  override async process(options: Outgoing): Promise<Answer> {
    try {
      const ask = () => askOnce(options.request, MAX_REPRESENTATIONS, () => super.process(options));
      // Other kinds are for gateways that compose for themselves.
      return await ('incomingRequestContext' in options ? this.lifetimes.run(options.context.lifetime, ask) : ask());
    } catch (error) {
      throw this.toGraphqlError(error);
    }
  }

  /** Node's own client keeps connections open and costs less than the library's. */
  private async send(...[target, init = {}]: Parameters<SubgraphClient['fetcher']>): Promise<Response> {
    const lifetime = this.lifetimes.getStore();
    const { method = 'POST', headers = {}, body = '' } = init;
    const timeout = AbortSignal.timeout(lifetime === undefined ? this.options.timeoutMs : this.timeoutMs(lifetime));
    lifetime?.signal.throwIfAborted();
    const signal = lifetime === undefined ? timeout : AbortSignal.any([lifetime.signal, timeout]);
    const response = await fetch(target, { method, headers, body: body.toString(), signal });
    const text = await readBounded(response, lifetime);
    return new Response(text, { status: response.status, headers: response.headers });
  }

  private timeoutMs(lifetime: RequestLifetime): number {
    return Math.min(this.options.timeoutMs, lifetime.remainingMs());
  }

  /** The client need not know what the network said; the cause goes to the log. */
  private toGraphqlError(error: unknown): GraphQLError {
    const code = error instanceof GraphQLError ? error.extensions['code'] : undefined;
    if (error instanceof GraphQLError && isErrorCode(code)) return error;
    const refusal = refusalOf(error);
    const failure =
      error instanceof DomainError
        ? error
        : isErrorCode(refusal)
          ? new DomainError(refusal)
          : this.networkFailure(error);
    const { kind, details } = failure;
    return new GraphQLError(failure.message, {
      originalError: failure,
      extensions: { code: failure.code, kind, details },
    });
  }

  private networkFailure(error: unknown): DomainError {
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError';
    const code = timedOut ? 'DEADLINE_EXCEEDED' : 'SERVICE_UNAVAILABLE';
    return new DomainError(code, { service: this.options.service }, { cause: error });
  }
}

/** Counts while it reads: an answer that is too long is cut off, not held. */
const readBounded = async (response: Response, lifetime: RequestLifetime | undefined): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    lifetime?.receive(chunk.byteLength);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The code with which a subgraph refused a whole request. */
const refusalOf = (error: unknown): unknown => {
  if (!(error instanceof GraphQLError)) return undefined;
  const response = Refusal.safeParse(error.extensions['response']);
  return response.data?.body.errors[0]?.extensions.code;
};

const Refusal = z.object({
  body: z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })) }),
});
