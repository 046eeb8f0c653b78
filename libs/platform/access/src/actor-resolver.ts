import { DomainError, getSigningKeys, resolveSession, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { RequestClient } from '@infinibay/platform-messaging';
import { decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { verifyAccessToken, type AccessClaims } from './access-token.js';

const SESSION_CACHE_MS = 2_000;
const KEY_CACHE_MS = 300_000;
const KEY_RETRY_MS = 5_000;
const MAX_CACHED_SESSIONS = 20_000;
/** Longer than any token of ours: not worth parsing. */
const MAX_TOKEN_LENGTH = 2_048;

interface CachedSession {
  readonly expires: number;
  readonly actor: Promise<Actor | null>;
}

/**
 * From an access token to the actor behind it: signature first, then the session as the users service knows it
 * (cached for 2 s, so that a disabled user loses access within 5 s).
 */
@Injectable()
export class ActorResolver {
  private readonly sessions = new Map<string, CachedSession>();
  private keys: { readonly at: number; readonly set: Promise<JSONWebKeySet> } | undefined;

  constructor(private readonly requests: RequestClient) {}

  /** @throws DomainError TOKEN_INVALID, TOKEN_EXPIRED, SESSION_ENDED, or SERVICE_UNAVAILABLE when users does not answer. */
  async resolve(token: string): Promise<Actor> {
    if (token.length > MAX_TOKEN_LENGTH) throw new DomainError('TOKEN_INVALID');
    const claims = await verifyAccessToken(token, await this.keysFor(token));
    const actor = await this.session(claims);
    if (actor === null) throw new DomainError('SESSION_ENDED');
    return actor;
  }

  private session(claims: AccessClaims): Promise<Actor | null> {
    const cached = this.sessions.get(claims.sessionId);
    if (cached !== undefined && cached.expires > performance.now()) return cached.actor;
    const actor = this.requests.call(resolveSession, claims).then((reply) => reply.actor);
    if (this.sessions.size >= MAX_CACHED_SESSIONS) this.sessions.clear();
    this.sessions.set(claims.sessionId, { expires: performance.now() + SESSION_CACHE_MS, actor });
    actor.catch(() => this.sessions.delete(claims.sessionId));
    return actor;
  }

  /** An unknown key id means that keys were rotated: they are asked for again, but not more often than every 5 s. */
  private async keysFor(token: string): Promise<JSONWebKeySet> {
    const known = await this.loadKeys(KEY_CACHE_MS);
    const keyId = readKeyId(token);
    return known.keys.some((key) => key.kid === keyId) ? known : this.loadKeys(KEY_RETRY_MS);
  }

  private loadKeys(maxAgeMs: number): Promise<JSONWebKeySet> {
    if (this.keys === undefined || performance.now() - this.keys.at > maxAgeMs) {
      const set = this.requests.call(getSigningKeys, {}).then((reply) => reply);
      this.keys = { at: performance.now(), set };
      set.catch(() => (this.keys = undefined));
    }
    return this.keys.set;
  }
}

const readKeyId = (token: string): string | undefined => {
  try {
    return decodeProtectedHeader(token).kid;
  } catch (error) {
    throw new DomainError('TOKEN_INVALID', {}, { cause: error });
  }
};

/** The token of an `Authorization: Bearer` header; undefined when there is no header. */
export const bearerToken = (header: string | undefined): string | undefined => {
  if (header === undefined) return undefined;
  const match = /^Bearer ([A-Za-z0-9._-]+)$/.exec(header);
  if (match?.[1] === undefined) throw new DomainError('TOKEN_INVALID', { reason: 'not a bearer token' });
  return match[1];
};
