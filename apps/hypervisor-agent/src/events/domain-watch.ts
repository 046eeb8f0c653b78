import {
  hostLibvirtConnected,
  hostLibvirtDisconnected,
  hostVmDifferenceFound,
  hostVmQuarantined,
  hostVmReleased,
  hostVmsRelisted,
} from '@infinibay/contracts';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { PublishedDomainEvent } from '../hypervisor/published-kinds.js';
import { DomainRepository } from '../domains/domain.repository.js';
import { retryUntilDone } from '../work/retry.js';
import { publishDomainEvent } from './domain-event-contracts.js';
import { HostEvents } from './host-events.js';
import { VmStates, type Listing } from './vm-states.js';

const LIST_AGAIN_MS = 1_000;

/**
 * Publishes what libvirt tells of our VMs, in libvirt's order, and after each connect what differs from what was known:
 * while the link was broken, libvirt told nothing.
 */
@Injectable()
export class DomainWatch implements OnApplicationShutdown {
  private readonly states = new VmStates();
  private readonly quarantined = new Set<string>();
  /** The list of the connection that stands. */
  private relisting = new AbortController();

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly events: HostEvents,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    // Here and not at bootstrap: the first event may come as soon as the connection stands.
    hypervisor.on('domainEvent', (event) => this.onDomainEvent(event));
    hypervisor.on('connected', () => this.onConnected());
    hypervisor.on('disconnected', (reason) => {
      this.relisting.abort();
      events.publish(hostLibvirtDisconnected, { reason });
    });
    hypervisor.on('domainQuarantined', ({ uuid }) => this.onQuarantined(uuid));
    hypervisor.on('domainReleased', ({ uuid }) => this.onReleased(uuid));
  }

  onApplicationShutdown(): void {
    this.relisting.abort();
  }

  private onDomainEvent(event: PublishedDomainEvent): void {
    const vmId = vmIdOfDomain(event);
    if (vmId === undefined) return;
    if (event.kind === 'lifecycle') this.states.apply(vmId, event);
    publishDomainEvent(vmId, event, (contract, facts) => this.events.publish(contract, facts));
  }

  private onConnected(): void {
    this.events.publish(hostLibvirtConnected, {});
    this.relisting.abort();
    this.relisting = new AbortController();
    void this.listUntilDone(this.relisting.signal);
  }

  /** Until it has worked or the link is broken: the next connection begins a list of its own. */
  private async listUntilDone(signal: AbortSignal): Promise<void> {
    // One for all attempts: what events tell between two of them counts too.
    const listing = this.states.beginListing();
    try {
      await retryUntilDone(() => this.list(listing, signal), {
        firstMs: LIST_AGAIN_MS,
        longestMs: LIST_AGAIN_MS,
        signal,
        onFailed: (err) => this.logger.warn({ err }, 'the VMs could not be listed; retry follows'),
      });
    } finally {
      listing.giveUp();
    }
  }

  private async list(listing: Listing, signal: AbortSignal): Promise<void> {
    const vms = await this.domains.list();
    if (signal.aborted) return;
    const differences = listing.compare(vms);
    for (const difference of differences) this.events.publish(hostVmDifferenceFound, difference);
    this.events.publish(hostVmsRelisted, { vms: vms.length, differences: differences.length });
  }

  /** Its name isn't told: a UUID that was never listed nor heard of isn't a VM of ours. */
  private onQuarantined(uuid: string): void {
    if (!this.states.has(uuid)) return;
    this.quarantined.add(uuid);
    this.events.publish(hostVmQuarantined, { vmId: uuid });
  }

  private onReleased(uuid: string): void {
    if (this.quarantined.delete(uuid)) this.events.publish(hostVmReleased, { vmId: uuid });
  }
}
