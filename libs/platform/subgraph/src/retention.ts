import type { Logger } from '@infinibay/platform-logging';
import type { MetricsRegistry } from '@infinibay/platform-metrics';
import type { SqlTransaction } from '@infinibay/platform-persistence';
import { Dispatcher, type DueWork } from '@infinibay/platform-work';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { PRUNE_BATCH, pruneBatch, type KeptRows } from './retention.repository.js';

const EVERY_MS = 3_600_000;

/** Removes rows that are of no more use, after the start and then each hour. Any number of instances may do it at once. */
export class Retention implements DueWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'retention';
  private readonly dispatcher: Dispatcher;
  private readonly removed: Counter<'table'>;
  /** Tables that this round has still to come to. */
  private remaining: KeptRows[] = [];
  private roundAt = performance.now();
  private total = 0;

  constructor(
    private readonly client: SqlTransaction,
    private readonly tables: readonly KeptRows[],
    private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.dispatcher = new Dispatcher(this, logger, metrics);
    this.removed = metrics.counter('infinibay_rows_pruned_total', 'Old rows that this instance removed', ['table']);
  }

  onApplicationBootstrap(): void {
    this.dispatcher.start();
  }

  /** Ends after the batch that is being removed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.dispatcher.stop();
  }

  nextDueInMs(): Promise<number> {
    return Promise.resolve(this.remaining.length > 0 ? 0 : this.roundAt - performance.now());
  }

  /** One batch of one table. One that fails is tried again after the others. */
  async take(): Promise<number> {
    if (this.remaining.length === 0) this.begin();
    const [rows] = this.remaining;
    if (rows === undefined) return 0;
    const removed = await pruneBatch(this.client, rows).catch((error: unknown) => {
      this.remaining.push(...this.remaining.splice(0, 1));
      throw error;
    });
    this.removed.inc({ table: rows.table }, removed);
    this.total += removed;
    if (removed < PRUNE_BATCH) this.remaining.shift();
    if (this.remaining.length === 0 && this.total > 0) this.logger.info({ rows: this.total }, 'old rows removed');
    return Math.max(1, removed);
  }

  private begin(): void {
    this.remaining = [...this.tables];
    this.roundAt = performance.now() + EVERY_MS;
    this.total = 0;
  }
}
