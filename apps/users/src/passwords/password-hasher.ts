import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { DomainError } from '@infinibay/contracts';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Inject, Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import type { Counter, Gauge } from 'prom-client';
import { USERS_CONFIG, type UsersConfig } from '../config.js';
import { FairQueue } from './fair-queue.js';

/** OWASP's parameters for Argon2id (the library's default variant): 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Who a hash is made for; those who wait take turns by it, the first part first. */
export type HashLane = readonly [trust: 'known' | 'unknown', address: string, account: string];

/** For accounts that the service makes at its start. */
const OURSELVES: HashLane = ['known', '', ''];

/**
 * Passwords' hashes. They are the costliest thing that a stranger can ask for: few are made at once, and who waits for
 * them takes turns with others, so that nobody's logins hold up those of everybody.
 */
@Injectable()
export class PasswordHasher {
  /** Verified when there is no such user, so that the answer takes as long as for one that exists. */
  private readonly nobody = hash(randomBytes(16).toString('base64url'), PARAMETERS);
  private readonly fingerprintKey: Buffer;
  private readonly queue: FairQueue;
  private readonly waiting: Gauge;
  private readonly made: Counter;

  constructor(
    @Inject(USERS_CONFIG)
    config: Pick<UsersConfig, 'INTERNAL_KEY' | 'PASSWORD_HASHES_AT_ONCE' | 'PASSWORD_HASHES_WAITING'>,
    metrics: MetricsRegistry,
  ) {
    this.fingerprintKey = Buffer.from(
      hkdfSync('sha256', config.INTERNAL_KEY, '', 'infinibay password fingerprint', 32),
    );
    this.queue = new FairQueue(config.PASSWORD_HASHES_AT_ONCE, config.PASSWORD_HASHES_WAITING);
    this.made = metrics.counter('infinibay_password_hashes_total', 'Argon2id hashes that were made');
    this.waiting = metrics.gauge('infinibay_password_hashes_waiting', 'Logins and passwords that wait for their hash');
  }

  /**
   * @returns a PHC string
   * @throws DomainError TOO_MANY_ATTEMPTS when too many wait
   */
  hash(password: string, lane: HashLane = OURSELVES): Promise<string> {
    return this.inTurn(lane, () => hash(password, PARAMETERS));
  }

  /**
   * @param passwordHash undefined for an unknown user: false, after the same work.
   * @throws DomainError TOO_MANY_ATTEMPTS when too many wait
   */
  async verify(passwordHash: string | undefined, password: string, lane: HashLane): Promise<boolean> {
    const against = passwordHash ?? (await this.nobody);
    const matches = await this.inTurn(lane, () => verify(against, password));
    return matches && passwordHash !== undefined;
  }

  /** Tells equal passwords in repeated requests without anything that could be searched for without our key. */
  fingerprint(password: string): string {
    return createHmac('sha256', this.fingerprintKey).update(password).digest('base64url');
  }

  private inTurn<T>(lane: HashLane, work: () => Promise<T>): Promise<T> {
    const turn = this.queue.run(lane, () => {
      this.made.inc();
      return work();
    });
    this.waiting.set(this.queue.depth);
    if (turn === undefined) return Promise.reject(new DomainError('TOO_MANY_ATTEMPTS', { retryAfterSeconds: 1 }));
    return turn.finally(() => {
      this.waiting.set(this.queue.depth);
    });
  }
}
