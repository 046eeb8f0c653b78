import { userCreated } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { newEvent } from '@infinibay/platform-persistence';
import { LOGGER } from '@infinibay/platform-service';
import type { Effect } from '@infinibay/platform-subgraph';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Change, type Transaction } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Email } from '../passwords/password.rules.js';
import { UserRepository } from '../accounts/user.repository.js';

/** Creates the first administrator from the configuration, once, however many instances start together. */
@Injectable()
export class FirstAdmin {
  constructor(
    private readonly change: Change,
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    @Inject(USERS_CONFIG) private readonly config: UsersConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ensure(): Promise<void> {
    const password = this.config.BOOTSTRAP_ADMIN_PASSWORD;
    if (password === undefined) return;
    const passwordHash = await this.hasher.hash(password);
    await this.change.run(async (tx) => {
      // A disabled administrator counts: somebody was here before.
      const known = await this.users.countAdminsAlone(tx);
      return known === 0 ? this.createUnlessTaken(tx, passwordHash) : NOTHING;
    });
  }

  /** Whoever has the e-mail keeps account and role; a service that refused to start would help nobody. */
  private async createUnlessTaken(tx: Transaction, passwordHash: string): Promise<Effect> {
    const email = Email.parse(this.config.BOOTSTRAP_ADMIN_EMAIL);
    if ((await this.users.findCredentials(tx, email)) === null) return this.create(tx, email, passwordHash);
    this.logger.error({ email }, 'no first administrator: a user who is none has the e-mail BOOTSTRAP_ADMIN_EMAIL');
    return NOTHING;
  }

  private async create(tx: Transaction, email: string, passwordHash: string): Promise<Effect> {
    const user = { email, name: 'Administrator', role: 'ADMIN', passwordHash, departmentIds: [] } as const;
    const userId = await this.users.create(tx, user);
    this.logger.info({ userId, email }, 'first administrator created');
    return {
      answer: undefined,
      events: [
        newEvent(userCreated, {
          departmentId: null,
          resource: { kind: 'user', id: userId },
          data: { userId, role: 'ADMIN' },
        }),
      ],
      audit: { actorId: 'bootstrap', verb: 'createUser', resourceKind: 'user', resourceId: userId, result: 'ok' },
    };
  }
}

const NOTHING: Effect = { answer: undefined, events: [] };
