import { createHash } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { Database } from '../database.js';

interface Bucket {
  readonly key: string;
  readonly attempts: number;
  readonly window_ends_at: Date;
}

export type ThrottleLimits = Pick<
  UsersConfig,
  'LOGIN_ATTEMPTS_PER_ACCOUNT' | 'LOGIN_ATTEMPTS_PER_ADDRESS' | 'LOGIN_WINDOW_SECONDS'
>;

// Always the account first and the address second: a fixed order of row locks, so that parallel attempts cannot deadlock.
const RESERVE = `
  INSERT INTO login_throttles AS bucket (key, attempts, window_ends_at)
  SELECT key, 1, now() + make_interval(secs => $2::int) FROM unnest($1::text[]) AS key
  ON CONFLICT (key) DO UPDATE SET
    attempts = CASE WHEN bucket.window_ends_at <= now() THEN 1 ELSE bucket.attempts + 1 END,
    window_ends_at = CASE WHEN bucket.window_ends_at <= now() THEN excluded.window_ends_at ELSE bucket.window_ends_at END
  RETURNING key, attempts, window_ends_at`;

/**
 * Limits failed passwords by account and by address. An attempt is counted before the password is looked at, so that
 * parallel attempts cannot pass the limit together, and given back when it succeeds. Unknown accounts count as well.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly database: Database,
    @Inject(USERS_CONFIG) private readonly limits: ThrottleLimits,
  ) {}

  /** @throws DomainError TOO_MANY_ATTEMPTS {retryAfterSeconds}, or what `attempt` throws. */
  async guard<T>(email: string, address: string, attempt: () => Promise<T>): Promise<T> {
    const keys = [`account:${digest(email)}`, `address:${digest(address)}`] as const;
    const buckets = await this.database.$queryRawUnsafe<Bucket[]>(RESERVE, [...keys], this.limits.LOGIN_WINDOW_SECONDS);
    const exceeded = buckets.find((bucket) => bucket.attempts > this.limitOf(bucket.key));
    if (exceeded !== undefined) {
      const retryAfterSeconds = Math.max(1, Math.ceil((exceeded.window_ends_at.getTime() - Date.now()) / 1_000));
      throw new DomainError('TOO_MANY_ATTEMPTS', { retryAfterSeconds });
    }
    const result = await attempt();
    await this.giveBack(...keys);
    return result;
  }

  /** Windows that are over. @returns how many were removed */
  async prune(): Promise<number> {
    const { count } = await this.database.loginThrottle.deleteMany({ where: { windowEndsAt: { lt: new Date() } } });
    return count;
  }

  private limitOf(key: string): number {
    return key.startsWith('account:') ? this.limits.LOGIN_ATTEMPTS_PER_ACCOUNT : this.limits.LOGIN_ATTEMPTS_PER_ADDRESS;
  }

  private async giveBack(account: string, address: string): Promise<void> {
    await this.database.loginThrottle.deleteMany({ where: { key: account } });
    await this.database.loginThrottle.updateMany({
      where: { key: address, attempts: { gt: 0 } },
      data: { attempts: { decrement: 1 } },
    });
  }
}

/** Neither addresses nor what people type into the e-mail field is kept in clear. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
