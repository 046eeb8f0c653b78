import { DomainError, userAccessChanged, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { newEvent } from '@infinibay/platform-persistence';
import type { MutationEffect } from '@infinibay/platform-subgraph';
import { Change, Database, type Transaction } from '../database.js';
import { PasswordHasher, type HashLane } from '../passwords/password-hasher.js';
import { LoginThrottle } from '../sessions/login-throttle.js';
import { SessionRepository } from '../sessions/session.repository.js';
import type { ChangeMyPassword } from './user.inputs.js';
import { UserRepository, type Credentials, type StoredUser } from '../accounts/user.repository.js';

interface Hashes {
  /** The hash that the given password fits. */
  readonly current: string;
  readonly next: string;
}

/** A user's own password. */
@Injectable()
export class MyPasswordService {
  constructor(
    private readonly database: Database,
    private readonly change: Change,
    private readonly users: UserRepository,
    private readonly sessions: SessionRepository,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
  ) {}

  /**
   * Ends every other session of the user. A stolen access token cannot be used to guess the password: the login's throttle counts.
   * @returns what UserService.shown() makes the answer of; for a repeated key what the first call got
   * @throws DomainError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS
   */
  async replace(actor: Actor, asked: ChangeMyPassword): Promise<StoredUser | string> {
    const { currentPassword, newPassword, idempotencyKey: key } = asked;
    const input = { from: this.hasher.fingerprint(currentPassword), to: this.hasher.fingerprint(newPassword) };
    return this.change.commit(
      {
        actor,
        operation: 'changeMyPassword',
        resourceKind: 'user',
        key,
        input,
        prepare: () => this.verified(actor, asked),
        show: (stored: StoredUser | string) => stored,
      },
      (tx, hashes) => this.write(tx, actor, hashes),
    );
  }

  /** By session, not by address: who holds one can't use up the budget of the owner's logins. */
  private async verified(actor: Actor, asked: ChangeMyPassword): Promise<Hashes> {
    const user = await this.users.findCredentialsById(this.database, actor.userId);
    if (user === null) throw new DomainError('USER_NOT_FOUND', { userId: actor.userId });
    return this.throttle.guard(user.email, `session ${actor.sessionId}`, () =>
      this.hashes(user, asked, ['known', actor.sessionId, actor.userId]),
    );
  }

  /** Outside of the transaction: hashes wait for their turn, and a connection must not wait with them. */
  private async hashes(user: Credentials, asked: ChangeMyPassword, lane: HashLane): Promise<Hashes> {
    const matches = await this.hasher.verify(user.passwordHash, asked.currentPassword, lane);
    if (!matches) throw new DomainError('INVALID_CREDENTIALS');
    return { current: user.passwordHash, next: await this.hasher.hash(asked.newPassword, lane) };
  }

  private async write(tx: Transaction, actor: Actor, { current, next }: Hashes): Promise<MutationEffect<StoredUser>> {
    const { userId } = actor;
    const now = await this.users.lockCredentials(tx, userId);
    // Another change may have come in between: what was verified must be what is replaced.
    if (now !== current) throw new DomainError('INVALID_CREDENTIALS');
    await this.users.setPassword(tx, userId, next);
    await this.sessions.endAll(tx, userId, 'password-changed', actor.sessionId);
    const resource = { kind: 'user', id: userId };
    return {
      answer: await this.users.stored(tx, userId),
      resourceId: userId,
      events: [newEvent(userAccessChanged, { departmentId: null, resource, data: { userId, disabled: false } })],
    };
  }
}
