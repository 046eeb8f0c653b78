import { createHash } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { withoutDeadline } from '@infinibay/platform-logging';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { LoginThrottleRepository, type TakenPlace } from './login-throttle.repository.js';

export type ThrottleLimits = Pick<
  UsersConfig,
  | 'LOGIN_ATTEMPTS_PER_ACCOUNT'
  | 'LOGIN_ATTEMPTS_PER_ADDRESS'
  | 'LOGIN_ACCOUNT_SLOW_AFTER'
  | 'LOGIN_ACCOUNT_SLOW_SECONDS'
  | 'LOGIN_WINDOW_SECONDS'
  | 'LOGINS_PER_MINUTE'
>;

interface Bucket {
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

const MINUTE = 60;
const KNOWN_DAYS = 90;

/**
 * Limits attempts to log in, by the database's clock. Wrong passwords close an account to the address that they came
 * from, not to its owner elsewhere; an account that is tried from many addresses is slowed for addresses that never
 * logged in to it. Who logged in from an address before has a budget there that strangers cannot use up.
 * An attempt is counted before the password is looked at, so that parallel attempts cannot pass the limit together, and
 * given back when it succeeds. Unknown accounts count as well.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly throttles: LoginThrottleRepository,
    @Inject(USERS_CONFIG) private readonly limits: ThrottleLimits,
  ) {}

  /**
   * @param client where the attempt comes from: an address, or a session
   * @throws DomainError TOO_MANY_ATTEMPTS {retryAfterSeconds}, or what `attempt` throws.
   */
  async guard<T>(email: string, client: string, attempt: (trust: 'known' | 'unknown') => Promise<T>): Promise<T> {
    const [account, address] = [digest(email), digest(client)];
    const known = `known:${account}:${address}`;
    const isKnown = await this.throttles.isOpen(known);
    const pair = this.pairOf(account, address);
    await this.reserve([this.rateOf(account, address)]);
    await this.reserve([pair]);
    const shared = isKnown ? [] : this.sharedOf(account, address);
    await this.reserve(shared).catch(async (error: unknown) => {
      await this.giveBack([pair.key]);
      throw error;
    });
    const result = await this.pardoning([pair, ...shared], () => attempt(isKnown ? 'known' : 'unknown'));
    await this.throttles.remember(known, KNOWN_DAYS);
    await this.throttles.clear(pair.key);
    await this.giveBack(shared.map(({ key }) => key));
    return result;
  }

  /** Right passwords cost as much as wrong ones: nobody has more of them looked at than this. */
  private rateOf(account: string, address: string): Bucket {
    return { key: `rate:${account}:${address}`, limit: this.limits.LOGINS_PER_MINUTE, windowSeconds: MINUTE };
  }

  private pairOf(account: string, address: string): Bucket {
    const { LOGIN_ATTEMPTS_PER_ACCOUNT: limit, LOGIN_WINDOW_SECONDS: windowSeconds } = this.limits;
    return { key: `pair:${account}:${address}`, limit, windowSeconds };
  }

  private sharedOf(account: string, address: string): Bucket[] {
    const { limits } = this;
    const windowSeconds = limits.LOGIN_WINDOW_SECONDS;
    return [
      { key: `account:${account}`, limit: limits.LOGIN_ACCOUNT_SLOW_AFTER, windowSeconds },
      { key: `address:${address}`, limit: limits.LOGIN_ATTEMPTS_PER_ADDRESS, windowSeconds },
    ];
  }

  /** @throws DomainError TOO_MANY_ATTEMPTS; nothing is reserved then */
  private async reserve(buckets: readonly Bucket[]): Promise<void> {
    if (buckets.length === 0) return;
    const taken = await this.throttles.reserve(buckets);
    const over = taken.filter(({ key, attempts }) => attempts > (buckets.find((one) => one.key === key)?.limit ?? 0));
    const refusals = await Promise.all(over.map((one) => this.slowed(one)));
    const refused = refusals.find((seconds) => seconds > 0);
    if (refused === undefined) return;
    await this.giveBack(buckets.map(({ key }) => key));
    throw new DomainError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: refused });
  }

  /** An account is never closed to everybody: one attempt passes every few seconds. @returns seconds to wait, or 0 */
  private async slowed({ key, retryAfter }: TakenPlace): Promise<number> {
    if (!key.startsWith('account:')) return retryAfter;
    const pace = { key: `pace:${key}`, windowSeconds: this.limits.LOGIN_ACCOUNT_SLOW_SECONDS };
    const [turn] = await this.throttles.reserve([pace]);
    return turn === undefined || turn.attempts > 1 ? (turn?.retryAfter ?? 1) : 0;
  }

  /** An attempt whose password was never looked at, because too many wait or the database failed, was none. */
  private async pardoning<T>(buckets: readonly Bucket[], attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      const wrong = error instanceof DomainError && error.code === 'INVALID_CREDENTIALS';
      if (!wrong) await this.giveBack(buckets.map(({ key }) => key)).catch(() => undefined);
      throw error;
    }
  }

  private async giveBack(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await withoutDeadline(async () => {
      await this.throttles.giveBack(keys);
    });
  }
}

/** Neither addresses nor what people type into the e-mail field is kept in clear. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
