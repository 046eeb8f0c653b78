import { DomainError, type Actor } from '@infinibay/contracts';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config.js';
import { addressKey } from './address-key.js';
import { Turns } from './turns.js';

const WINDOW_SECONDS = 10;
/** What a request costs besides its query: parsing, token, plan. */
const REQUEST_POINTS = 25;
const MAX_WAITING = 100;

export interface AskedRequest {
  readonly actor: Actor | null;
  readonly address: string;
  /** Cost of the query, as the limits count it. */
  readonly cost: number;
  readonly signal: AbortSignal;
}

/**
 * What one caller may ask of this instance: a user with all sessions together, or an address without a token. Counts
 * what queries cost, and lets a few of them run at once.
 */
@Injectable()
export class CallerLimits {
  private readonly users: RateLimiterMemory;
  private readonly addresses: RateLimiterMemory;
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
  async admit({ actor, address, cost, signal }: AskedRequest): Promise<() => void> {
    const kind = actor === null ? 'address' : 'user';
    const caller = actor === null ? addressKey(address) : actor.userId;
    try {
      await this.spend(kind, caller, REQUEST_POINTS + cost);
      return await this.turns.take(`${kind}:${caller}`, signal);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'RATE_LIMITED')
        this.limited.inc({ caller: kind, reason: 'reason' in error.details ? 'concurrency' : 'cost' });
      throw error;
    }
  }

  private async spend(kind: 'user' | 'address', caller: string, points: number): Promise<void> {
    const limiter = kind === 'user' ? this.users : this.addresses;
    try {
      await limiter.consume(caller, points);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      // Once a window: whoever asks too much shall not fill the log as well.
      if (error.consumedPoints - points <= limiter.points)
        this.logger.warn({ [kind]: caller, points: error.consumedPoints }, 'a caller is rate limited');
      throw new DomainError('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)) });
    }
  }
}
