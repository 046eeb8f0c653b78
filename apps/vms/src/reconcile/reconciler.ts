import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Dispatcher, type DueWork } from '@infinibay/platform-work';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Gauge, Histogram } from 'prom-client';
import { ClaimRepository, type Claim } from './claim.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';
import { VmWorker } from './vm.worker.js';

/** Keeps workers busy with VMs whose work is due. Any number of instances share the work through the database. */
@Injectable()
export class Reconciler implements DueWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'vms';
  private readonly running = new Set<Promise<void>>();
  private readonly dispatcher: Dispatcher;
  private stopped = false;
  private readonly durations: Histogram<'outcome'>;
  private readonly busy: Gauge;

  constructor(
    private readonly claims: ClaimRepository,
    private readonly worker: VmWorker,
    @Inject(RECONCILE_OPTIONS) private readonly options: ReconcileOptions,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.durations = metrics.histogram('infinibay_reconcile_seconds', 'Time that a VM was worked on at a stretch', [
      'outcome',
    ]);
    this.busy = metrics.gauge('infinibay_reconcile_busy_workers', 'VMs being worked on now');
    this.dispatcher = new Dispatcher(this, logger, metrics);
  }

  onApplicationBootstrap(): void {
    this.dispatcher.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.dispatcher.stop();
    await Promise.all(this.running);
  }

  /** Work became due: it is looked for at once. */
  notify(): void {
    this.dispatcher.wake();
  }

  /** Makes VMs due that are not yet. */
  async enqueue(vmIds: readonly string[]): Promise<void> {
    if (vmIds.length === 0) return;
    await this.claims.makeDue(vmIds);
    this.notify();
  }

  nextDueInMs(): Promise<number | null> {
    return this.claims.nextDueInMs();
  }

  async take(): Promise<number> {
    let taken = 0;
    while (this.running.size < this.options.workers && !this.stopped) {
      const claim = await this.claims.claim();
      if (claim === null) break;
      taken += 1;
      this.start(claim);
    }
    return taken;
  }

  private start(claim: Claim): void {
    const stop = this.durations.startTimer();
    const run = this.worker
      .work(claim)
      .then(
        () => stop({ outcome: 'ok' }),
        (error: unknown) => {
          stop({ outcome: 'failed' });
          const details = { err: error, vmId: claim.vmId };
          this.logger.error(details, 'reconcile failed; the VM is taken up again when its lease ends');
        },
      )
      .then(() => {
        this.running.delete(run);
        this.busy.set(this.running.size);
        // There is room again, and what was done may have made work due.
        this.notify();
      });
    this.running.add(run);
    this.busy.set(this.running.size);
  }
}
