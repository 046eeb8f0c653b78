import { DomainError, userAccessChanged, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { newEvent } from '@infinibay/platform-persistence';
import { Changes, type Effect } from '../changes/changes.js';
import { Database, type Transaction } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { LoginThrottle } from '../sessions/login-throttle.js';
import { SessionRepository } from '../sessions/session.repository.js';
import type { ChangeMyPassword } from './user.inputs.js';
import { UserRepository } from './user.repository.js';

/** A user's own password. */
@Injectable()
export class MyPasswordService {
  constructor(
    private readonly database: Database,
    private readonly changes: Changes,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * Ends every other session of the user. A stolen access token cannot be used to guess the password: the login's throttle counts.
   * @throws DomainError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS
   */
  async change(actor: Actor, asked: ChangeMyPassword, address: string): Promise<string> {
    const user = await this.users.find(this.database, actor.userId);
    if (user === null) throw new DomainError('USER_NOT_FOUND', { userId: actor.userId });
    const change = {
      actorId: user.id,
      operation: 'changeMyPassword',
      resourceKind: 'user',
      idempotencyKey: asked.idempotencyKey,
    } as const;
    const input = {
      from: this.hasher.fingerprint(asked.currentPassword),
      to: this.hasher.fingerprint(asked.newPassword),
    };
    return this.throttle.guard(user.email, address, () =>
      this.changes.commit({ ...change, input }, (tx) => this.replace(tx, actor, asked)),
    );
  }

  private async replace(tx: Transaction, actor: Actor, asked: ChangeMyPassword): Promise<Effect> {
    const { userId } = actor;
    const credentials = await this.users.findCredentialsById(tx, userId);
    const matches = await this.hasher.verify(credentials?.passwordHash, asked.currentPassword);
    if (!matches) throw new DomainError('INVALID_CREDENTIALS');
    await this.users.setPassword(tx, userId, await this.hasher.hash(asked.newPassword));
    await this.sessions.endAll(tx, userId, 'password-changed', actor.sessionId);
    const resource = { kind: 'user', id: userId };
    return {
      resourceId: userId,
      events: [newEvent(userAccessChanged, { departmentId: null, resource, data: { userId, disabled: false } })],
    };
  }
}
