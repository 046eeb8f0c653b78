import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { verifyAccessToken } from './access-token.js';
import { SessionCache } from './session-cache.js';
import { SESSION_SOURCE, type SessionSource } from './session-source.js';
import { SigningKeyCache } from './signing-key-cache.js';

/** Longer than any token of ours: not worth parsing. */
const MAX_TOKEN_LENGTH = 2_048;

/**
 * From an access token to the actor behind it: signature first, then the session as the users service knows it
 * (cached for 2 s, so that a disabled user loses access within 5 s).
 */
@Injectable()
export class ActorResolver {
  private readonly sessions: SessionCache;
  private readonly keys: SigningKeyCache;

  constructor(@Inject(SESSION_SOURCE) source: SessionSource) {
    this.sessions = new SessionCache((claims) => source.resolveSession(claims));
    this.keys = new SigningKeyCache(() => source.signingKeys());
  }

  /** @throws DomainError TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED, or SERVICE_UNAVAILABLE when users does not answer. */
  async resolve(token: string): Promise<Actor> {
    if (token.length > MAX_TOKEN_LENGTH) throw new DomainError('TOKEN_INVALID');
    const claims = await verifyAccessToken(token, await this.keys.keysFor(readKeyId(token)));
    const actor = await this.sessions.actorOf(claims);
    if (actor === null) throw new DomainError('SESSION_ENDED');
    return actor;
  }
}

const readKeyId = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    throw new DomainError('TOKEN_INVALID', {}, { cause: error });
  }
};

/** The token of an `Authorization: Bearer` header (the scheme in any case, RFC 9110); undefined without a header. */
export const bearerToken = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const match = /^bearer +([A-Za-z0-9._-]+)$/i.exec(header);
  if (match?.[1] === undefined) throw new DomainError('TOKEN_INVALID', { reason: 'not a bearer token' });
  return match[1];
};
