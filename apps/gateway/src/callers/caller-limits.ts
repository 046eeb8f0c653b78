import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { addressKey } from '@infinibay/platform-access';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config.js';
import { Turns } from './turns.js';

const WINDOW_SECONDS = 10;
const MAX_WAITING = 100;

export interface AskedRequest {
  readonly actor: Actor | null;
  readonly address: string;
  /** Of the request, and of its query as the limits count it. */
  readonly points: number;
  readonly signal: AbortSignal;
}

/**
 * What one caller may ask of this instance: a user with all sessions together, or an address without a token. Counts
 * what queries cost, and lets a few of them run at once. What is refused counts against its address.
 */
@Injectable()
export class CallerLimits {
  private readonly users: RateLimiterMemory;
  private readonly addresses: RateLimiterMemory;
  private readonly refusals: RateLimiterMemory;
  /** By address as well: what was refused to users who are known. Their neighbours are none the worse for it. */
  private readonly refusedUsers: RateLimiterMemory;
  private readonly turns: Turns;
  private readonly limited;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const limiter = (points: number) =>
      new RateLimiterMemory({ points: points * WINDOW_SECONDS, duration: WINDOW_SECONDS });
    this.users = limiter(config.USER_POINTS_PER_SECOND);
    this.addresses = limiter(config.ANONYMOUS_POINTS_PER_SECOND);
    this.refusals = limiter(config.REFUSED_POINTS_PER_SECOND);
    this.refusedUsers = limiter(config.REFUSED_POINTS_PER_SECOND);
    this.turns = new Turns({ running: config.CALLER_CONCURRENCY, waiting: MAX_WAITING });
    this.limited = metrics.counter(
      'infinibay_graphql_limited_total',
      'Requests refused since their caller asks too much',
      ['caller', 'reason'],
    );
  }

  /**
   * Waits for the caller's turn.
   * @returns what gives the turn back
   * @throws DomainError RATE_LIMITED {retryAfterSeconds}, or DEADLINE_EXCEEDED when the request ends before its turn
   */
  async admit({ actor, address, points, signal }: AskedRequest): Promise<() => void> {
    const kind = actor === null ? 'address' : 'user';
    const caller = actor === null ? addressKey(address) : actor.userId;
    try {
      await this.spend(kind, caller, points);
      return await this.turns.take(`${kind}:${caller}`, signal);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'RATE_LIMITED')
        this.limited.inc({ caller: kind, reason: 'reason' in error.details ? 'concurrency' : 'cost' });
      throw error;
    }
  }

  /** Whether more of what came from the address was refused than may be: then it matters who asks. */
  async isSuspect(address: string): Promise<boolean> {
    const key = addressKey(address);
    return (await restOf(this.refusals, key)) > 0 || (await restOf(this.refusedUsers, key)) > 0;
  }

  /**
   * Lets a user pass who may still ask, though too much of what comes from the same address is refused; and whoever has
   * no token, if those who had none did not send it.
   * @throws DomainError RATE_LIMITED {retryAfterSeconds}
   */
  async admitSuspect(address: string, actor: Actor | null): Promise<void> {
    const waitMs =
      actor === null ? await restOf(this.refusals, addressKey(address)) : await restOf(this.users, actor.userId);
    if (waitMs === 0) return;
    this.limited.inc({ caller: actor === null ? 'address' : 'user', reason: 'refusals' });
    throw rateLimited(waitMs);
  }

  /** @param actor whose good token came with it: no licence to send what is refused, and no reason to refuse others */
  countRefusal(address: string, actor: Actor | null, points: number): void {
    const key = addressKey(address);
    const limiter = actor === null ? this.refusals : this.refusedUsers;
    void limiter.penalty(key, points).then(({ consumedPoints }) => {
      if (isFirstBeyond(limiter, consumedPoints, points))
        this.logger.warn({ address: key, points: consumedPoints }, 'an address sends too much that is refused');
    });
    if (actor !== null) void this.users.penalty(actor.userId, points);
  }

  private async spend(kind: 'user' | 'address', caller: string, points: number): Promise<void> {
    const limiter = kind === 'user' ? this.users : this.addresses;
    try {
      await limiter.consume(caller, points);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      if (isFirstBeyond(limiter, error.consumedPoints, points))
        this.logger.warn({ [kind]: caller, points: error.consumedPoints }, 'a caller is rate limited');
      throw rateLimited(error.msBeforeNext);
    }
  }
}

/** Once a window: whoever asks too much shall not fill the log as well. */
const isFirstBeyond = (limiter: RateLimiterMemory, consumed: number, points: number): boolean =>
  consumed > limiter.points && consumed - points <= limiter.points;

/** Milliseconds until who has used everything up may ask again; 0 for whoever has not. */
const restOf = async (limiter: RateLimiterMemory, key: string): Promise<number> => {
  const used = await limiter.get(key);
  return used !== null && used.consumedPoints > limiter.points ? Math.max(0, used.msBeforeNext) : 0;
};

const rateLimited = (waitMs: number): DomainError =>
  new DomainError('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) });
