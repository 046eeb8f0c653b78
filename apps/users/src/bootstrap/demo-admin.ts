import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Database } from '../database.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { DEMO_EMAIL } from '../demo-account.js';

/**
 * The demo runs at every start of a local installation, but nobody keeps a password for it: each start brings a fresh
 * one, which replaces the last. Without the variable nothing happens.
 */
@Injectable()
export class DemoAdmin {
  constructor(
    private readonly database: Database,
    private readonly hasher: PasswordHasher,
    @Inject(USERS_CONFIG) private readonly config: UsersConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async ensure(): Promise<void> {
    const password = this.config.DEMO_ADMIN_PASSWORD;
    if (password === undefined) return;
    const passwordHash = await this.hasher.hash(password);
    const { id } = await this.database.$transaction(async (tx) => {
      // Instances that start together bring the same password; one after the other, none fails on the unique e-mail.
      await tx.$executeRawUnsafe(`SELECT pg_advisory_xact_lock(hashtext('users.demo-admin'))`);
      return tx.user.upsert({
        where: { email: DEMO_EMAIL },
        create: { email: DEMO_EMAIL, name: 'Demo', role: 'ADMIN', passwordHash },
        update: { passwordHash, disabledAt: null },
        select: { id: true },
      });
    });
    this.logger.warn({ userId: id, email: DEMO_EMAIL }, 'the demo account has the password of this start');
  }
}
