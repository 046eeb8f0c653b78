import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Database } from '../database.js';
import { LoginThrottle } from './login-throttle.js';
import { SessionRepository } from './session.repository.js';

const EVERY_MS = 3_600_000;
/** Ended sessions are kept this long: reuse of their tokens is answered with SESSION_ENDED, not with TOKEN_INVALID. */
const KEEP_SESSIONS_DAYS = 30;

/** Removes rows that no longer matter; any number of instances may do it at once. */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly throttle: LoginThrottle,
    private readonly sessions: SessionRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.run(), EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async run(): Promise<void> {
    try {
      const throttles = await this.throttle.prune();
      const sessions = await this.sessions.prune(this.database, KEEP_SESSIONS_DAYS);
      this.logger.debug({ throttles, sessions }, 'old rows removed');
    } catch (error) {
      this.logger.warn({ err: error }, 'old rows could not be deleted; retry in an hour');
    }
  }
}
