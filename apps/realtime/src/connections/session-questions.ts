import { resolveSession, type Actor } from '@infinibay/contracts';
import { NATS_CONNECTION, RequestClient } from '@infinibay/platform-messaging';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable } from '@nestjs/common';

/** Asks users about sessions, and follows whether it can: what is asked and what happens come the same way. */
@Injectable()
export class SessionQuestions {
  constructor(
    private readonly requests: RequestClient,
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
  ) {}

  /**
   * @returns what the session's user may do now; null when it has ended
   * @throws DomainError SERVICE_UNAVAILABLE, DEADLINE_EXCEEDED
   */
  async ask({ userId, sessionId }: Actor): Promise<Actor | null> {
    return (await this.requests.call(resolveSession, { userId, sessionId })).actor;
  }

  /** Ends with the connection to NATS. */
  async followNats(onAway: () => void, onBack: () => void): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') onAway();
      else if (type === 'reconnect') onBack();
    }
  }
}
