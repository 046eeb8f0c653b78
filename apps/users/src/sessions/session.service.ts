import { DomainError, userAccessChanged, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ACCESS_TOKEN_SECONDS, signAccessToken } from '@infinibay/platform-access';
import { appendToOutbox, newEvent } from '@infinibay/platform-persistence';
import { AuditLog } from '../audit/audit.log.js';
import { Changes } from '../changes/changes.js';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Database, type Transaction } from '../database.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { digest } from './login-throttle.js';
import { hashRefreshToken } from './refresh-token.js';
import { SessionRepository, type FoundToken, type IssuedToken } from './session.repository.js';
import type { SessionTokens } from './session.model.js';

/** Opens, continues and ends sessions. */
@Injectable()
export class SessionService {
  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly sessions: SessionRepository,
    private readonly keys: SigningKeys,
    private readonly audit: AuditLog,
    @Inject(USERS_CONFIG) private readonly config: Pick<UsersConfig, 'REFRESH_GRACE_SECONDS'>,
  ) {}

  /** For a user whose password was verified. */
  async open(userId: string): Promise<SessionTokens> {
    const session = await this.changes.run(async (tx) => {
      const opened = await this.sessions.open(tx, userId);
      await this.audit.record(tx, {
        actorId: userId,
        verb: 'login',
        resourceKind: 'session',
        resourceId: opened.id,
        result: 'ok',
      });
      return opened;
    });
    return this.tokens(userId, session.id, session);
  }

  /**
   * @param address of the client: within the grace it may use a token again and gets one more of the family
   * @throws DomainError TOKEN_INVALID for an unknown token, TOKEN_EXPIRED, SESSION_ENDED; a token that was used
   *   before ends the whole session, since one of the two users of it is a thief.
   */
  async refresh(refreshToken: string, address: string): Promise<SessionTokens> {
    const hash = hashRefreshToken(refreshToken);
    if (hash === undefined) throw new DomainError('TOKEN_INVALID');
    const grace = { seconds: this.config.REFRESH_GRACE_SECONDS, client: digest(address) };
    // A refusal is returned, not thrown, for the end of the session must be committed.
    const outcome = await this.changes.run(async (tx) => {
      const found = await this.sessions.find(tx, hash, grace);
      if (found === null) return new DomainError('TOKEN_INVALID');
      const refusal = await this.refuse(tx, found);
      return refusal ?? { found, issued: await this.sessions.rotate(tx, found.session_id, hash, grace.client) };
    });
    if (outcome instanceof DomainError) throw outcome;
    return this.tokens(outcome.found.user_id, outcome.found.session_id, outcome.issued);
  }

  async logout(actor: Actor): Promise<void> {
    await this.changes.run(async (tx) => {
      await this.sessions.end(tx, actor.sessionId, 'logout');
      await this.audit.record(tx, {
        actorId: actor.userId,
        verb: 'logout',
        resourceKind: 'session',
        resourceId: actor.sessionId,
        result: 'ok',
      });
      await this.announce(tx, actor.userId);
    });
  }

  /** @returns null when the session is closed: ended, expired, or its user disabled */
  async resolve(userId: string, sessionId: string): Promise<Actor | null> {
    const user = await this.sessions.findOpen(this.database, userId, sessionId);
    if (user === null) return null;
    return { userId, sessionId, role: user.role, departmentIds: user.departmentIds };
  }

  private async refuse(tx: Transaction, found: FoundToken): Promise<DomainError | undefined> {
    if (found.ended || found.disabled) return new DomainError('SESSION_ENDED');
    if (found.used && !found.forgivable) {
      await this.sessions.end(tx, found.session_id, 'refresh-token-reused');
      const entry = { actorId: found.user_id, verb: 'refreshSession', resourceId: found.session_id };
      await this.audit.record(tx, { ...entry, resourceKind: 'session', result: 'SESSION_ENDED' });
      await this.announce(tx, found.user_id);
      return new DomainError('SESSION_ENDED', { reason: 'the refresh token was used before' });
    }
    return found.expired ? new DomainError('TOKEN_EXPIRED') : undefined;
  }

  /** Sockets of a session that ended must be looked at again. */
  private async announce(tx: Transaction, userId: string): Promise<void> {
    const resource = { kind: 'user', id: userId };
    await appendToOutbox(tx, [
      newEvent(userAccessChanged, { departmentId: null, resource, data: { userId, disabled: false } }),
    ]);
  }

  private async tokens(userId: string, sessionId: string, refresh: IssuedToken): Promise<SessionTokens> {
    const key = this.keys.current();
    const accessTokenExpiresAt = new Date(Date.now() + ACCESS_TOKEN_SECONDS * 1_000);
    const accessToken = await signAccessToken({ userId, sessionId }, key.privateKey, key.id);
    return { accessToken, accessTokenExpiresAt, refreshToken: refresh.token, refreshTokenExpiresAt: refresh.expiresAt };
  }
}
