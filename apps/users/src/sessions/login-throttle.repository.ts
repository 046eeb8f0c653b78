import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';

/** A place that was taken in a bucket. */
export interface TakenPlace {
  readonly key: string;
  /** With this one. */
  readonly attempts: number;
  /** Seconds until the bucket is empty. */
  readonly retryAfter: number;
}

// In the order of the keys: a fixed order of row locks, so that parallel attempts cannot deadlock.
const RESERVE = `
  INSERT INTO login_throttles AS bucket (key, attempts, window_ends_at)
  SELECT key, 1, now() + make_interval(secs => seconds) FROM unnest($1::text[], $2::int[]) AS asked (key, seconds) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET
    attempts = CASE WHEN bucket.window_ends_at <= now() THEN 1 ELSE bucket.attempts + 1 END,
    window_ends_at = CASE WHEN bucket.window_ends_at <= now() THEN excluded.window_ends_at ELSE bucket.window_ends_at END
  RETURNING key, attempts, greatest(1, ceil(extract(epoch FROM window_ends_at - now())))::int AS "retryAfter"`;

const REMEMBER = `
  INSERT INTO login_throttles (key, attempts, window_ends_at) VALUES ($1, 0, now() + make_interval(days => $2::int))
  ON CONFLICT (key) DO UPDATE SET window_ends_at = excluded.window_ends_at`;

/** Counted attempts by key, by the database's clock, for all instances. */
@Injectable()
export class LoginThrottleRepository {
  constructor(private readonly database: Database) {}

  /** Takes one place in each bucket; a bucket whose window is over begins anew. */
  reserve(buckets: readonly { readonly key: string; readonly windowSeconds: number }[]): Promise<TakenPlace[]> {
    const keys = buckets.map(({ key }) => key);
    const seconds = buckets.map(({ windowSeconds }) => windowSeconds);
    return Promise.resolve(this.database.$queryRawUnsafe<TakenPlace[]>(RESERVE, keys, seconds));
  }

  async giveBack(keys: readonly string[]): Promise<void> {
    await this.database.$executeRawUnsafe(
      `UPDATE login_throttles SET attempts = attempts - 1 WHERE key = ANY($1::text[]) AND attempts > 0`,
      [...keys],
    );
  }

  /** Whether the key's window lasts still. */
  async isOpen(key: string): Promise<boolean> {
    const rows = await this.database.$queryRawUnsafe<unknown[]>(
      `SELECT 1 FROM login_throttles WHERE key = $1 AND window_ends_at > now()`,
      key,
    );
    return rows.length > 0;
  }

  async remember(key: string, days: number): Promise<void> {
    await this.database.$executeRawUnsafe(REMEMBER, key, days);
  }

  async clear(key: string): Promise<void> {
    await this.database.loginThrottle.deleteMany({ where: { key } });
  }
}
