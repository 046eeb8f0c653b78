import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { AccessTokenStrategy } from './access-token.strategy.js';

/** Longer than any token of ours: not worth parsing. */
const MAX_TOKEN_LENGTH = 2_048;
/** The compact form, RFC 7515; what decodes it is more lenient. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Who is behind an access token. */
@Injectable()
export class ActorResolver {
  constructor(private readonly tokens: AccessTokenStrategy) {}

  /** @throws DomainError TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED, or SERVICE_UNAVAILABLE when users does not answer. */
  async resolve(token: string): Promise<Actor> {
    if (token.length > MAX_TOKEN_LENGTH || !COMPACT.test(token)) throw new DomainError('TOKEN_INVALID');
    return this.tokens.actorOf(token);
  }

  /**
   * How old what is known of the actor's session is: while users is away, sessions go on for a while.
   * @returns when users was asked what it answered last, by `performance.now()`; undefined when that is not known
   */
  confirmedAt(actor: Actor): number | undefined {
    return this.tokens.confirmedAt(actor);
  }

  /** To be called when the access of a user has changed: what was known of the user's sessions holds no longer. */
  forget(userId: string): void {
    this.tokens.forget(userId);
  }
}

/** The token of an `Authorization: Bearer` header (the scheme in any case, RFC 9110); undefined without a header. */
export const bearerToken = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const match = /^bearer +([A-Za-z0-9._-]+)$/i.exec(header);
  if (match?.[1] === undefined) throw new DomainError('TOKEN_INVALID', { reason: 'not a bearer token' });
  return match[1];
};
