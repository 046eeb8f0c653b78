import type { DomainPower, ObservedVm } from '@infinibay/contracts';
import type { DomainEventName, DomainLifecycleEvent } from '@infinibay/libvirt';

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
  /** Ends it without a list. */
  readonly giveUp: () => void;
}

/** What events have told since a list was begun: of these VMs the list may be older. */
interface SinceListing {
  readonly power: Set<string>;
  readonly defined: Set<string>;
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
  /** VMs without a definition: they are gone when they stop. */
  private readonly transient = new Set<string>();
  private readonly listings = new Set<SinceListing>();

  has(vmId: string): boolean {
    return this.known.has(vmId);
  }

  apply(vmId: string, { event }: Pick<DomainLifecycleEvent, 'event'>): void {
    const power = POWER_AFTER[event];
    if (event === 'defined') this.onDefined(vmId);
    else if (event === 'undefined') this.onUndefined(vmId);
    else if (power !== undefined) this.onPower(vmId, power);
  }

  /** Call before the list is asked for: a list may be older than an event that comes before its answer. */
  beginListing(): Listing {
    const since: SinceListing = { power: new Set(), defined: new Set() };
    this.listings.add(since);
    const giveUp = (): void => void this.listings.delete(since);
    return {
      giveUp,
      compare: (listed) => {
        giveUp();
        return this.compare(listed, since);
      },
    };
  }

  /** Tells nothing of the power of a VM that is known: a running one may be defined anew. */
  private onDefined(vmId: string): void {
    for (const since of this.listings) since.defined.add(vmId);
    this.transient.delete(vmId);
    if (!this.known.has(vmId)) this.known.set(vmId, 'off');
  }

  /** A VM that runs stays until it stops. Only a list tells whether it runs while one is being made. */
  private onUndefined(vmId: string): void {
    for (const since of this.listings) since.defined.delete(vmId);
    const isOff = (this.known.get(vmId) ?? 'off') === 'off';
    if (isOff) this.known.delete(vmId);
    if (!isOff || this.listings.size > 0) this.transient.add(vmId);
  }

  private onPower(vmId: string, power: DomainPower): void {
    for (const since of this.listings) since.power.add(vmId);
    if (power === 'off' && this.transient.delete(vmId)) this.known.delete(vmId);
    else this.known.set(vmId, power);
  }

  private compare(listed: readonly ObservedVm[], since: SinceListing): VmDifference[] {
    const now = new Map(listed.map((vm) => [vm.vmId, vm]));
    const differences: VmDifference[] = [];
    for (const vmId of new Set([...this.known.keys(), ...now.keys()])) {
      if (since.power.has(vmId)) continue;
      const before = this.known.get(vmId) ?? null;
      const after = this.powerNow(vmId, now.get(vmId)?.power, since);
      if (after === null) this.known.delete(vmId);
      else this.known.set(vmId, after);
      if (before === after) continue;
      const difference = before === null ? 'appeared' : after === null ? 'vanished' : 'changed';
      const reason = after === null ? null : (now.get(vmId)?.reason ?? null);
      differences.push({ vmId, difference, before, after, reason });
    }
    for (const vmId of this.transient) if (!this.known.has(vmId)) this.transient.delete(vmId);
    return differences;
  }

  /** What a list means for a VM whose power no event has changed since; null is gone. */
  private powerNow(vmId: string, listed: DomainPower | undefined, since: SinceListing): DomainPower | null {
    // Not in the list, and defined since: the list is older than the definition.
    if (listed === undefined) return since.defined.has(vmId) ? 'off' : null;
    // In the list, off, and undefined since.
    return listed === 'off' && this.transient.has(vmId) ? null : listed;
  }
}
