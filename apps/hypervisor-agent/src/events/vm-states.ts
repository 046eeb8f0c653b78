import type { DomainPower, ObservedVm } from '@infinibay/contracts';
import type { DomainEventName, DomainLifecycleEvent } from '@infinibay/libvirt';
import { isOff } from '../vms/domain-power.js';

/** How a VM differs from what was known of it; `before` is null when it wasn't known, `after` when it is gone. */
export interface VmDifference {
  readonly vmId: string;
  readonly difference: 'appeared' | 'vanished' | 'changed';
  readonly before: DomainPower | null;
  readonly after: DomainPower | null;
  readonly reason: string | null;
}

/** A list of all VMs that is being made. */
export interface Listing {
  /** Ends it: what the list tells is known from then on. @returns what differed */
  readonly compare: (listed: readonly ObservedVm[]) => VmDifference[];
}

/** The power that an event leaves a VM in; undefined: it tells nothing of it. */
const POWER_AFTER: Readonly<Record<DomainEventName, DomainPower | undefined>> = {
  defined: undefined,
  undefined: undefined,
  started: 'running',
  suspended: 'paused',
  resumed: 'running',
  stopped: 'off',
  shutdown: 'shutting-down',
  pmsuspended: 'paused',
  crashed: 'crashed',
  unknown: undefined,
};

/** The VMs of the host as events and lists have told them. */
export class VmStates {
  private readonly known = new Map<string, DomainPower>();
  /** One for each list under way: the VMs of which something was told since it was begun. */
  private readonly toldSince = new Set<Set<string>>();

  has(vmId: string): boolean {
    return this.known.has(vmId);
  }

  apply(vmId: string, { event }: Pick<DomainLifecycleEvent, 'event'>): void {
    for (const told of this.toldSince) told.add(vmId);
    const before = this.known.get(vmId) ?? 'off';
    // Undefined while it runs, a VM stays until it stops.
    if (event === 'undefined' && isOff(before)) this.known.delete(vmId);
    else this.known.set(vmId, POWER_AFTER[event] ?? before);
  }

  /** Call before the list is asked for: a list may be older than an event that comes before its answer. */
  beginListing(): Listing {
    const told = new Set<string>();
    this.toldSince.add(told);
    return {
      compare: (listed) => {
        this.toldSince.delete(told);
        return this.compare(listed, told);
      },
    };
  }

  private compare(listed: readonly ObservedVm[], told: ReadonlySet<string>): VmDifference[] {
    const now = new Map(listed.map((vm) => [vm.vmId, vm]));
    const differences: VmDifference[] = [];
    for (const vmId of new Set([...this.known.keys(), ...now.keys()])) {
      const before = this.known.get(vmId) ?? null;
      const after = now.get(vmId)?.power ?? null;
      if (told.has(vmId) || before === after) continue;
      const difference = before === null ? 'appeared' : after === null ? 'vanished' : 'changed';
      differences.push({ vmId, difference, before, after, reason: now.get(vmId)?.reason ?? null });
      if (after === null) this.known.delete(vmId);
      else this.known.set(vmId, after);
    }
    return differences;
  }
}
