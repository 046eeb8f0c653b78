import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { PrismaClient } from '../database.js';
import { ClaimRepository } from './claim.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';
import { VmWorker } from './vm.worker.js';

const POLL_MS = 300;
const ERROR_PAUSE_MS = 1_000;

/** Keeps workers busy with VMs whose work is due. Any number of instances share the work through the database. */
@Injectable()
export class Reconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly sleeping = new Set<() => void>();
  private loops: Promise<void>[] = [];
  private stopped = false;
  private readonly durations: Histogram<'outcome'>;
  private readonly busy: Gauge;

  constructor(
    private readonly claims: ClaimRepository,
    private readonly database: PrismaClient,
    private readonly worker: VmWorker,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.durations = metrics.histogram('infinibay_reconcile_seconds', 'Time that a VM was worked on at a stretch', [
      'outcome',
    ]);
    this.busy = metrics.gauge('infinibay_reconcile_busy_workers', 'VMs being worked on now');
  }

  onApplicationBootstrap(): void {
    this.loops = Array.from({ length: this.options.workers }, () => this.loop());
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.notify();
    await Promise.all(this.loops);
  }

  /** Work became due: idle workers look at once instead of at their next poll. */
  notify(): void {
    for (const wake of this.sleeping) wake();
  }

  /** Makes VMs due that are not yet. */
  async enqueue(vmIds: readonly string[]): Promise<void> {
    if (vmIds.length === 0) return;
    const now = new Date();
    await this.database.vm.updateMany({
      where: { id: { in: [...vmIds] }, OR: [{ reconcileAt: null }, { reconcileAt: { gt: now } }] },
      data: { reconcileAt: now },
    });
    this.notify();
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      const worked = await this.workOnce();
      if (!worked && !this.stopped) await this.sleep(POLL_MS);
    }
  }

  private async workOnce(): Promise<boolean> {
    try {
      const claim = await this.claims.claim();
      if (claim === null) return false;
      const stop = this.durations.startTimer();
      this.busy.inc();
      await this.worker.work(claim).finally(() => {
        this.busy.dec();
      });
      stop({ outcome: 'ok' });
      return true;
    } catch (error) {
      this.logger.error({ err: error }, 'a worker stumbled; the VM is taken up again when its lease ends');
      await this.sleep(ERROR_PAUSE_MS);
      return false;
    }
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.sleeping.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.sleeping.add(wake);
    });
  }
}
