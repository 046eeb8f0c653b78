import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@infinibay/platform-subgraph';
import { Database } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Email, MAX_PASSWORD_LENGTH } from '../passwords/password.rules.js';
import { UserRepository } from '../accounts/user.repository.js';
import { LoginThrottle } from './login-throttle.js';
import type { SessionTokens } from './session.model.js';
import { SessionService } from './session.service.js';

/** Checks who somebody is. Unknown, disabled and mistyped cannot be told apart, neither by answer nor by time. */
@Injectable()
export class LoginService {
  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly sessions: SessionService,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @param address of the client, for the throttle
   * @throws DomainError INVALID_CREDENTIALS or TOO_MANY_ATTEMPTS {retryAfterSeconds}
   */
  async login(email: string, password: string, address: string): Promise<SessionTokens> {
    const normalized = Email.safeParse(email);
    if (!normalized.success || password.length > MAX_PASSWORD_LENGTH) throw new DomainError('INVALID_CREDENTIALS');
    return this.throttle.guard(normalized.data, address, async (trust) => {
      const user = await this.users.findCredentials(this.database, normalized.data);
      const matches = await this.hasher.verify(user?.passwordHash, password, [trust, address, normalized.data]);
      if (user === null || !matches || user.disabledAt !== null) {
        await this.refused(user?.id ?? null);
        throw new DomainError('INVALID_CREDENTIALS');
      }
      return this.sessions.open(user.id, user.passwordHash);
    });
  }

  private refused(userId: string | null): Promise<void> {
    return this.audit.record(this.database, {
      actorId: 'anonymous',
      verb: 'login',
      resourceKind: 'user',
      resourceId: userId,
      result: 'INVALID_CREDENTIALS',
    });
  }
}
