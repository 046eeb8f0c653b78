import { DomainError, resolveSession, type Actor } from '@infinibay/contracts';
import { ACTOR_HEADER, signActor, type AccessClaims, type SessionSource } from '@infinibay/platform-access';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';

const TIMEOUT_MS = 2_000;
const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(8) });

/**
 * Asks the users service over HTTP, where its subgraph is: the gateway has to reach it there anyhow, and an absence of
 * NATS ends no session.
 */
export class UsersSessions implements SessionSource {
  constructor(
    private readonly usersUrl: string,
    private readonly internalKey: string,
  ) {}

  async resolveSession(claims: AccessClaims): Promise<Actor | null> {
    const answer = await this.fetch('/internal/sessions/resolve', {
      method: 'POST',
      headers: { 'content-type': 'application/json', [ACTOR_HEADER]: await signActor(null, this.internalKey) },
      body: JSON.stringify(claims),
    });
    return resolveSession.reply.parse(answer).actor;
  }

  async signingKeys(): Promise<JSONWebKeySet> {
    return KeySet.parse(await this.fetch('/.well-known/jwks.json', {}));
  }

  /** @throws DomainError SERVICE_UNAVAILABLE */
  private async fetch(path: string, init: RequestInit): Promise<unknown> {
    try {
      const response = await fetch(new URL(path, this.usersUrl), { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`answered with status ${response.status}`);
      }
      return (await response.json()) as unknown;
    } catch (error) {
      throw new DomainError('SERVICE_UNAVAILABLE', { service: 'users' }, { cause: error });
    }
  }
}
