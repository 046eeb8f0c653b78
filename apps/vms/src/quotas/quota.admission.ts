import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { excesses, inLockOrder, quotaExceeded, type Excess, type Limits, type Quantities } from '@infinibay/vms-domain';
import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Transaction } from '../database.js';
import { QuotaRepository } from './quota.repository.js';

/** Lets departments have no more than they may. */
@Injectable()
export class QuotaAdmission {
  private readonly refusals: Counter<'quota'>;

  constructor(
    private readonly stored: QuotaRepository,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.refusals = metrics.counter(
      'infinibay_quota_refusals_total',
      'Requests that would have exceeded a quota of their department, by quota',
      ['quota'],
    );
  }

  /**
   * For whatever raises the usage of a department, in the transaction that accepts it and before it is written there:
   * until that ends, whoever asks for the same department waits. It is the last lock that such a transaction takes: who
   * holds it waits for no other, so that no two can wait for each other. (Of two departments, the smaller id comes first.)
   * @param requested what there will be more of
   * @throws DomainError QUOTA_EXCEEDED with every quota that would be exceeded
   */
  async admit(tx: Transaction, departmentId: string, requested: Partial<Quantities>): Promise<void> {
    await this.judge(tx, departmentId, await this.stored.lock(tx, departmentId), requested);
  }

  /**
   * The same for what one department gives to another. Both are locked: whoever asks for more of the first meanwhile finds
   * what it has got free.
   * @throws DomainError QUOTA_EXCEEDED of the second
   */
  async admitMove(tx: Transaction, from: string, to: string, requested: Quantities): Promise<void> {
    const limits = new Map<string, Limits | null>();
    for (const departmentId of inLockOrder([from, to]))
      limits.set(departmentId, await this.stored.lock(tx, departmentId));
    await this.judge(tx, to, limits.get(to) ?? null, requested);
  }

  private async judge(
    tx: Transaction,
    departmentId: string,
    limits: Limits | null,
    requested: Partial<Quantities>,
  ): Promise<void> {
    if (limits === null) return;
    const used = await this.stored.usageOf(tx, departmentId);
    const [first, ...more] = excesses(limits, used, requested);
    if (first === undefined) return;
    const exceeded: [Excess, ...Excess[]] = [first, ...more];
    for (const { quota } of exceeded) this.refusals.inc({ quota });
    this.logger.info({ departmentId, exceeded }, 'quota exceeded; request refused');
    throw quotaExceeded(departmentId, exceeded);
  }
}
