import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Worker, dueRows } from '@infinibay/platform-work';
import { Inject, Injectable } from '@nestjs/common';
import { ClaimRepository } from './claim.repository.js';
import { RECONCILE_OPTIONS, type ReconcileOptions } from './reconcile-options.js';
import { VmWorker } from './vm.worker.js';

/** Brings VMs to what is wished for, and does what was asked for once. */
@Injectable()
export class Reconciler extends Worker {
  constructor(
    private readonly claims: ClaimRepository,
    worker: VmWorker,
    @Inject(RECONCILE_OPTIONS) { workers }: ReconcileOptions,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    const due = dueRows({
      name: 'vms',
      source: claims,
      work: (claim) => claims.hold(claim, () => worker.work(claim)),
      failure: 'reconcile failed; the VM is taken up again when its lease is given back or ends',
      isSoonDueAgain: true,
    });
    super('vms', [due], logger, metrics, { atOnce: workers, perHost: Math.max(1, Math.floor(workers / 2)) });
  }

  /** Makes VMs due that are not yet. */
  async enqueue(vmIds: readonly string[]): Promise<void> {
    if (vmIds.length === 0) return;
    await this.claims.makeDue(vmIds);
    this.wake();
  }

  /** What could not be done on the host is tried again without waiting any longer. @returns how many VMs waited */
  async hostIsBack(hostId: string): Promise<number> {
    const count = await this.claims.endWaits(hostId);
    if (count > 0) this.wake();
    return count;
  }
}
