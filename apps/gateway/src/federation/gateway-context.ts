import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ActorResolver, bearerToken, signActor } from '@infinibay/platform-access';
import { currentContext } from '@infinibay/platform-logging';
import type { Request } from 'express';
import { GraphQLError } from 'graphql';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config.js';
import { statusOf } from '../http/graphql-failure.js';

/** What one request carries to every subgraph. */
export interface GatewayContext {
  readonly actor: Actor | null;
  /** Value of ACTOR_HEADER; signed once for the whole request. */
  readonly signedActor: string;
  readonly correlationId: string;
  readonly clientAddress: string;
}

@Injectable()
export class GatewayContextFactory {
  constructor(
    private readonly actors: ActorResolver,
    @Inject(GATEWAY_CONFIG) private readonly config: Pick<GatewayConfig, 'INTERNAL_KEY'>,
  ) {}

  /** @throws GraphQLError with the code of the token's DomainError, and status 401 where it is the token's fault */
  async create(request: Request): Promise<GatewayContext> {
    const actor = await this.authenticate(request);
    return {
      actor,
      signedActor: await signActor(actor, this.config.INTERNAL_KEY),
      correlationId: currentContext().correlationId,
      clientAddress: request.ip ?? 'unknown',
    };
  }

  /** No token is fine: login needs none. A bad one never is. */
  private async authenticate(request: Request): Promise<Actor | null> {
    try {
      const token = bearerToken(request.headers.authorization);
      return token === undefined ? null : await this.actors.resolve(token);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      throw new GraphQLError(error.message, {
        originalError: error,
        extensions: { code: error.code, http: { status: statusOf(error) } },
      });
    }
  }
}
