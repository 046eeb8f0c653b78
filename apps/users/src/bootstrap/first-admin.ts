import { userCreated } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { appendToOutbox, newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import { AuditLog } from '../audit/audit.log.js';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Database, type Transaction } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Email } from '../passwords/password.rules.js';
import { UserRepository } from '../accounts/user.repository.js';
import { DEMO_EMAIL } from '../demo-account.js';

/** Creates the first administrator from the configuration, once, however many instances start together. */
@Injectable()
export class FirstAdmin {
  constructor(
    private readonly database: Database,
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditLog,
    @Inject(USERS_CONFIG) private readonly config: UsersConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ensure(): Promise<void> {
    const password = this.config.BOOTSTRAP_ADMIN_PASSWORD;
    if (password === undefined) return;
    const passwordHash = await this.hasher.hash(password);
    await this.database.$transaction(async (tx) => {
      await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('users.first-admin'))`);
      // A disabled administrator counts: somebody was here before. The demo account does not: nobody has its password.
      const administrators = await tx.user.count({ where: { role: 'ADMIN', email: { not: DEMO_EMAIL } } });
      if (administrators === 0) await this.createUnlessTaken(tx, passwordHash);
    });
  }

  /** Whoever has the e-mail keeps account and role; a service that refused to start would help nobody. */
  private async createUnlessTaken(tx: Transaction, passwordHash: string): Promise<void> {
    const email = Email.parse(this.config.BOOTSTRAP_ADMIN_EMAIL);
    if ((await this.users.findCredentials(tx, email)) === null) return this.create(tx, email, passwordHash);
    this.logger.error({ email }, 'no first administrator: a user who is none has the e-mail BOOTSTRAP_ADMIN_EMAIL');
  }

  private async create(tx: Transaction, email: string, passwordHash: string): Promise<void> {
    const userId = await this.users.create(tx, {
      email,
      name: 'Administrator',
      role: 'ADMIN',
      passwordHash,
      departmentIds: [],
    });
    await this.audit.record(tx, {
      actorId: 'bootstrap',
      verb: 'createUser',
      resourceKind: 'user',
      resourceId: userId,
      result: 'ok',
    });
    await appendToOutbox(tx, [
      newEvent(userCreated, {
        departmentId: null,
        resource: { kind: 'user', id: userId },
        data: { userId, role: 'ADMIN' },
      }),
    ]);
    this.logger.info({ userId, email }, 'first administrator created');
  }
}
