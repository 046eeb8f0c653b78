import { HeaderMap } from '@apollo/server';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ActorResolver, IDEMPOTENCY_KEY_HEADER, bearerToken, signActor } from '@infinibay/platform-access';
import { currentContext } from '@infinibay/platform-logging';
import { statusOf } from '@infinibay/platform-service';
import type { Request, Response } from 'express';
import { GraphQLError } from 'graphql';
import { CallerLimits, type AskedRequest } from '../callers/caller-limits.js';
import { requestPoints } from '../callers/request-points.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config.js';
import { costOf } from './request-guard.js';
import { RequestLifetime } from './request-lifetime.js';

/** What one request carries to every subgraph. */
export interface GatewayContext {
  readonly actor: Actor | null;
  /** Value of ACTOR_HEADER; signed once for the whole request. */
  readonly signedActor: string;
  readonly correlationId: string;
  readonly clientAddress: string;
  /** The client's header as it came: who has a use for it reads and checks it. */
  readonly idempotencyKey: string | undefined;
  readonly lifetime: RequestLifetime;
}

@Injectable()
export class GatewayContextFactory {
  constructor(
    private readonly actors: ActorResolver,
    private readonly limits: CallerLimits,
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'INTERNAL_KEY' | 'REQUEST_TIMEOUT_MS'>,
  ) {}

  /**
   * Finds out who asks and waits for that caller's turn, which ends with the response.
   * @throws GraphQLError with the code of the DomainError and the status of a request that fails as a whole
   */
  async create(request: Request, response: Response): Promise<GatewayContext> {
    try {
      const lifetime = new RequestLifetime(this.config.REQUEST_TIMEOUT_MS, response);
      const clientAddress = request.ip ?? 'unknown';
      const actor = await this.authenticate(request);
      const points = requestPoints(request) + costOf(response);
      await this.admit(response, { actor, address: clientAddress, points, lifetime });
      return {
        actor,
        signedActor: await signActor(actor, this.config.INTERNAL_KEY),
        correlationId: currentContext().correlationId,
        clientAddress,
        idempotencyKey: keyHeaderOf(request),
        lifetime,
      };
    } catch (error) {
      throw error instanceof DomainError ? toGraphqlError(error) : error;
    }
  }

  /** No token is fine: login needs none. A bad one never is. */
  private async authenticate(request: Request): Promise<Actor | null> {
    const token = bearerToken(request.headers.authorization);
    return token === undefined ? null : this.actors.resolve(token);
  }

  private async admit(
    response: Response,
    { lifetime, ...asked }: Omit<AskedRequest, 'signal'> & { readonly lifetime: RequestLifetime },
  ): Promise<void> {
    const giveBack = await this.limits.admit({ ...asked, signal: lifetime.signal });
    // Whoever went away while the turn came has closed already.
    if (response.closed) giveBack();
    else response.once('close', giveBack);
  }
}

/** More than any key: the subgraph refuses it, and its limit of headers is not reached. */
const LONGEST_KEY_HEADER = 1_000;

const keyHeaderOf = (request: Request): string | undefined => {
  const header = request.headers[IDEMPOTENCY_KEY_HEADER];
  return typeof header === 'string' ? header.slice(0, LONGEST_KEY_HEADER) : undefined;
};

const toGraphqlError = (error: DomainError): GraphQLError => {
  const { retryAfterSeconds } = error.details;
  // Apollo reads the headers of the response from a map of its own.
  const headers: unknown = new HeaderMap(
    typeof retryAfterSeconds === 'number' ? [['retry-after', String(retryAfterSeconds)]] : [],
  );
  const extensions: Record<string, unknown> = { code: error.code, http: { status: statusOf(error), headers } };
  return new GraphQLError(error.message, { originalError: error, extensions });
};
