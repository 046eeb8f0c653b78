import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Change } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { UserRepository } from '../accounts/user.repository.js';
import { DEMO_EMAIL } from '../demo-account.js';

/**
 * The demo runs at every start of a local installation, but nobody keeps a password for it: each start brings a fresh
 * one, which replaces the last. Without the variable nothing happens.
 */
@Injectable()
export class DemoAdmin {
  constructor(
    private readonly change: Change,
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    @Inject(USERS_CONFIG) private readonly config: UsersConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ensure(): Promise<void> {
    const password = this.config.DEMO_ADMIN_PASSWORD;
    if (password === undefined) return;
    const passwordHash = await this.hasher.hash(password);
    const id = await this.change.run(async (tx) => {
      const answer = await this.users.replaceDemo(tx, passwordHash);
      return { answer, events: [] };
    });
    this.logger.warn({ userId: id, email: DEMO_EMAIL }, 'the demo account has the password of this start');
  }
}
