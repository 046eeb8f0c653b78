import { DomainError, userAccessChanged, type Actor, type EventEnvelope } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { ACCESS_TOKEN_SECONDS, signAccessToken } from '@infinibay/platform-access';
import { newEvent } from '@infinibay/platform-persistence';
import type { AuditEntry, Effect } from '@infinibay/platform-subgraph';
import { UserRepository } from '../accounts/user.repository.js';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Change, Database, type Transaction } from '../database.js';
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
    private readonly change: Change,
    private readonly sessions: SessionRepository,
    private readonly users: UserRepository,
    private readonly keys: SigningKeys,
    @Inject(USERS_CONFIG) private readonly config: Pick<UsersConfig, 'REFRESH_GRACE_SECONDS'>,
  ) {}

  /**
   * For a user whose password was verified.
   * @param passwordHash that it fits: hashes wait for their turn, and another password may have been set meanwhile
   * @throws DomainError INVALID_CREDENTIALS
   */
  async open(userId: string, passwordHash: string): Promise<SessionTokens> {
    const session = await this.change.run(async (tx) => {
      if (!(await this.users.holdsCredentials(tx, userId, passwordHash))) throw new DomainError('INVALID_CREDENTIALS');
      const opened = await this.sessions.open(tx, userId);
      return { answer: opened, events: [], audit: entry(userId, 'login', opened.id, 'ok') };
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
    const outcome = await this.change.run(async (tx): Promise<Effect<DomainError | Continued>> => {
      const found = await this.sessions.find(tx, hash, grace);
      if (found === null) return { answer: new DomainError('TOKEN_INVALID'), events: [] };
      const refusal = await this.refuse(tx, found);
      if (refusal !== undefined) return refusal;
      const issued = await this.sessions.rotate(tx, found.session_id, hash, grace.client);
      return { answer: { found, issued }, events: [] };
    });
    if (outcome instanceof DomainError) throw outcome;
    return this.tokens(outcome.found.user_id, outcome.found.session_id, outcome.issued);
  }

  async logout(actor: Actor): Promise<void> {
    await this.change.run(async (tx) => {
      await this.sessions.end(tx, actor.sessionId, 'logout');
      const audit = entry(actor.userId, 'logout', actor.sessionId, 'ok');
      return { answer: undefined, events: [accessChanged(actor.userId)], audit };
    });
  }

  /** @returns null when the session is closed: ended, expired, or its user disabled */
  async resolve(userId: string, sessionId: string): Promise<Actor | null> {
    const user = await this.sessions.findOpen(this.database, userId, sessionId);
    if (user === null) return null;
    return { userId, sessionId, role: user.role, departmentIds: user.departmentIds };
  }

  private async refuse(tx: Transaction, found: FoundToken): Promise<Effect<DomainError> | undefined> {
    if (found.ended || found.disabled) return { answer: new DomainError('SESSION_ENDED'), events: [] };
    if (found.used && !found.forgivable) {
      await this.sessions.end(tx, found.session_id, 'refresh-token-reused');
      return {
        answer: new DomainError('SESSION_ENDED', { reason: 'the refresh token was used before' }),
        events: [accessChanged(found.user_id)],
        audit: entry(found.user_id, 'refreshSession', found.session_id, 'SESSION_ENDED'),
      };
    }
    return found.expired ? { answer: new DomainError('TOKEN_EXPIRED'), events: [] } : undefined;
  }

  private async tokens(userId: string, sessionId: string, refresh: IssuedToken): Promise<SessionTokens> {
    const key = this.keys.current();
    const accessTokenExpiresAt = new Date(Date.now() + ACCESS_TOKEN_SECONDS * 1_000);
    const accessToken = await signAccessToken({ userId, sessionId }, key.privateKey, key.id);
    return { accessToken, accessTokenExpiresAt, refreshToken: refresh.token, refreshTokenExpiresAt: refresh.expiresAt };
  }
}

interface Continued {
  readonly found: FoundToken;
  readonly issued: IssuedToken;
}

const entry = (actorId: string, verb: string, resourceId: string, result: string): AuditEntry => ({
  actorId,
  verb,
  resourceKind: 'session',
  resourceId,
  result,
});

/** Sockets of a session that ended must be looked at again. */
const accessChanged = (userId: string): EventEnvelope =>
  newEvent(userAccessChanged, {
    departmentId: null,
    resource: { kind: 'user', id: userId },
    data: { userId, disabled: false },
  });
