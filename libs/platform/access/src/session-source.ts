import { getSigningKeys, resolveSession, type Actor } from '@infinibay/contracts';
import { runInContext, newServiceContext } from '@infinibay/platform-logging';
import type { RequestClient } from '@infinibay/platform-messaging';
import type { JSONWebKeySet } from 'jose';
import type { AccessClaims } from './access-token.js';

/** Where sessions and signing keys are asked for. */
export interface SessionSource {
  /** What the session's user may do now; null when the session is closed. */
  resolveSession(claims: AccessClaims): Promise<Actor | null>;
  signingKeys(): Promise<JSONWebKeySet>;
}

/** Injection token of the SessionSource. */
export const SESSION_SOURCE = Symbol('SESSION_SOURCE');

/**
 * Asks the users service over NATS. Many callers share an answer, so it is asked for by the service itself and carries
 * nothing of the caller that happened to come first.
 */
export class NatsSessionSource implements SessionSource {
  constructor(private readonly requests: Pick<RequestClient, 'call'>) {}

  resolveSession(claims: AccessClaims): Promise<Actor | null> {
    return runInContext(newServiceContext(), () =>
      this.requests.call(resolveSession, claims).then((reply) => reply.actor),
    );
  }

  signingKeys(): Promise<JSONWebKeySet> {
    return runInContext(newServiceContext(), () => this.requests.call(getSigningKeys, {}).then((reply) => reply));
  }
}
