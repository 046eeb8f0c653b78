import { setTimeout as delay } from 'node:timers/promises';
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
import { DomainRepository } from '../vms/domain.repository.js';
import { publishDomainEvent, type PublishedDomainEvent } from './domain-event-contracts.js';
import { HostEvents } from './host-events.js';
import { VmStates } from './vm-states.js';

const LIST_AGAIN_MS = 1_000;

/**
 * Publishes what libvirt tells of our VMs, in libvirt's order, and after each connect what differs from what was known:
 * while the link was broken, libvirt told nothing.
 */
@Injectable()
export class DomainWatch implements OnApplicationShutdown {
  private readonly states = new VmStates();
  private readonly quarantined = new Set<string>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly domains: DomainRepository,
    private readonly events: HostEvents,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    // Here and not at bootstrap: the first event may come as soon as the connection stands.
    hypervisor.on('domainEvent', (event) => this.onDomainEvent(event));
    hypervisor.on('connected', () => this.onConnected());
    hypervisor.on('disconnected', (reason) => events.publish(hostLibvirtDisconnected, { reason }));
    hypervisor.on('domainQuarantined', ({ uuid }) => this.onQuarantined(uuid));
    hypervisor.on('domainReleased', ({ uuid }) => this.onReleased(uuid));
  }

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  private onDomainEvent(event: PublishedDomainEvent): void {
    const vmId = vmIdOfDomain(event);
    if (vmId === undefined) return;
    if (event.kind === 'lifecycle') this.states.apply(vmId, event);
    publishDomainEvent(vmId, event, (contract, facts) => this.events.publish(contract, facts));
  }

  private onConnected(): void {
    this.events.publish(hostLibvirtConnected, {});
    void this.listUntilDone(this.hypervisor.generation);
  }

  /** Until it has worked, or another connection has begun a list of its own. */
  private async listUntilDone(generation: number): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted && this.hypervisor.generation === generation) {
      try {
        await this.list();
        return;
      } catch (error) {
        this.logger.warn({ err: error }, 'the VMs could not be listed; trying again');
        await delay(LIST_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async list(): Promise<void> {
    const listing = this.states.beginListing();
    const vms = await this.domains.list();
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
