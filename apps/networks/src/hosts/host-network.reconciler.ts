import { LOGGER } from '@infinibay/platform-service';
import type { Logger } from '@infinibay/platform-logging';
import { MetricsRegistry } from '@infinibay/platform-metrics';
import { Dispatcher, HostSlots, type DueWork } from '@infinibay/platform-work';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { HostNetworkRepository, type HostNetworkKey } from './host-network.repository.js';
import { HostNetworkService } from './host-network.service.js';
import { NetworkRemovalRepository } from './network-removal.repository.js';
import { NetworkRemovalService } from './network-removal.service.js';

/**
 * Brings hosts to what the tables say: hosts that were away, changes whose instance died, networks that a host lost,
 * and networks that are to go. Any number of instances share the work; a host that hangs holds up no other.
 */
@Injectable()
export class HostNetworkReconciler implements DueWork, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'host-networks';
  private readonly slots: HostSlots<HostNetworkKey>;
  private readonly dispatcher: Dispatcher;

  constructor(
    private readonly hostNetworks: HostNetworkRepository,
    private readonly service: HostNetworkService,
    private readonly removals: NetworkRemovalRepository,
    private readonly removalService: NetworkRemovalService,
    @Inject(LOGGER) logger: Logger,
    metrics: MetricsRegistry,
  ) {
    this.slots = new HostSlots(logger, 'a host is behind with a network; retry follows', () => {
      this.dispatcher.wake();
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

  /** Call after a commit that made a row due. */
  wake(): void {
    this.dispatcher.wake();
  }

  async nextDueInMs(): Promise<number | null> {
    const due = await Promise.all([this.removals.nextDueInMs(), this.hostNetworks.nextDueInMs()]);
    const times = due.filter((ms) => ms !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  async take(): Promise<number> {
    // Removals first: their ranges may be waited for.
    const removals = await this.removals.claimDue(this.slots.room(), this.slots.busyHosts());
    for (const key of removals) this.slots.start(key, () => this.removalService.remove(key));
    const due = await this.hostNetworks.claimDue(this.slots.room(), this.slots.busyHosts());
    for (const key of due) this.slots.start(key, () => this.service.apply(key));
    return removals.length + due.length;
  }
}
