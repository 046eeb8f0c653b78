import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { LOGGER } from '@infinibay/platform-service';
import { Dispatcher, HostSlots, type DueWork } from '@infinibay/platform-work';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { FilterApplicationService } from './filter-application.service.js';
import { FilterVerificationService } from './filter-verification.service.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/**
 * Applies filters whose rules changed and looks after those that are applied. Any number of instances share the work;
 * neither a VM whose filter fails nor a host that hangs holds up the others.
 */
@Injectable()
export class FilterWorker implements DueWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'filters';
  private readonly slots: HostSlots<{ readonly vmId: string; readonly hostId: string }>;
  private readonly dispatcher: Dispatcher;

  constructor(
    private readonly filters: VmFilterRepository,
    private readonly application: FilterApplicationService,
    private readonly verification: FilterVerificationService,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.slots = new HostSlots(logger, 'a packet filter is not as it should be; retry follows', () => {
      this.wake();
    });
    this.dispatcher = new Dispatcher(this, logger, metrics);
  }

  onApplicationBootstrap(): void {
    this.dispatcher.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.dispatcher.stop();
    await this.slots.settle();
  }

  /** Call after a commit that changed what filters should be: they are then applied at once. */
  wake(): void {
    this.dispatcher.wake();
  }

  nextDueInMs(): Promise<number | null> {
    return this.filters.nextDueInMs();
  }

  async take(): Promise<number> {
    const due = await this.filters.claimDue(this.slots.room(), this.slots.busyHosts());
    for (const filter of due) this.slots.start(filter, () => this.application.apply(filter.vmId));
    const toVerify = await this.filters.claimToVerify(this.slots.room(), this.slots.busyHosts());
    for (const filter of toVerify) this.slots.start(filter, () => this.verification.verify(filter.vmId));
    return due.length + toVerify.length;
  }
}
