import {
  hostVmDeviceAdded,
  hostVmDifferenceFound,
  hostVmLifecycleChanged,
  hostVmsRelisted,
  type DomainPower,
  type EventDataOf,
  type EventEnvelope,
} from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { HandlesEvent } from '@infinibay/platform-messaging';
import { Controller } from '@nestjs/common';
import { FilterWorker } from './filter.worker.js';
import { VmFilterRepository } from './vm-filter.repository.js';

/** A domain in these states has no cards. */
const OFF: ReadonlySet<DomainPower> = new Set(['off', 'crashed']);
/** The detail with which a domain that ran elsewhere before runs here. */
const ARRIVED = 'migrated';

/**
 * Has filters compared as soon as a host tells that there is something new to compare, and not only at the next look.
 * An event that comes twice, or late, costs one comparison more.
 */
@Controller()
export class HostEventController {
  constructor(
    private readonly filters: VmFilterRepository,
    private readonly worker: FilterWorker,
  ) {}

  @Authorize()
  @HandlesEvent(hostVmLifecycleChanged, 'vm-started')
  async lifecycleChanged({ data }: EventEnvelope<EventDataOf<typeof hostVmLifecycleChanged>>): Promise<void> {
    if (data.event === 'started' || (data.event === 'resumed' && data.detail === ARRIVED)) await this.prove(data);
  }

  /** A start that libvirt could not tell: the agent, or its link, was away. */
  @Authorize()
  @HandlesEvent(hostVmDifferenceFound, 'vm-found')
  async differenceFound({ data }: EventEnvelope<EventDataOf<typeof hostVmDifferenceFound>>): Promise<void> {
    if (data.after !== null && !OFF.has(data.after)) await this.prove(data);
  }

  @Authorize()
  @HandlesEvent(hostVmDeviceAdded, 'vm-device-added')
  async deviceAdded({ data }: EventEnvelope<EventDataOf<typeof hostVmDeviceAdded>>): Promise<void> {
    await this.prove(data);
  }

  /** The agent came, or its link to libvirt: what happened to rules meanwhile nobody saw. */
  @Authorize()
  @HandlesEvent(hostVmsRelisted, 'host-relisted')
  async relisted({ data }: EventEnvelope<EventDataOf<typeof hostVmsRelisted>>): Promise<void> {
    await this.filters.verifyHost(data.hostId);
    this.worker.wake();
  }

  private async prove({ hostId, vmId }: { readonly hostId: string; readonly vmId: string }): Promise<void> {
    await this.filters.expectProof(hostId, vmId);
    this.worker.wake();
  }
}
