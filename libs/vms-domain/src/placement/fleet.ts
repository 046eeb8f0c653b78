import type { HostHardware, VmHardware } from '@infinibay/contracts';
import type { Grouped } from './groups.js';

/** Beyond these a ratio says nothing any more. */
export const MAX_CPU_RATIO = 1_024;
export const MAX_MEMORY_RATIO = 8;

/** How much of what it has a host may promise, where that is said of itself; null: as PlacementSettings says. */
export interface Overcommit {
  readonly cpuRatio: number | null;
  readonly memoryRatio: number | null;
}

/** A host as the scheduler sees it: what it has, and what living VMs are promised of it, running or not. */
export interface HostCandidate extends Overcommit {
  readonly hostId: string;
  readonly hostname: string;
  readonly online: boolean;
  /** Somebody works on it: it takes no new VMs. */
  readonly inMaintenance: boolean;
  /** Whether what runs there can be given packet filters, where it runs guests at all. */
  readonly filters: boolean;
  /** Ids of the images that it has. */
  readonly images: ReadonlySet<string>;
  /** What VMs there can be made of; null: its agent does not tell, and gives every VM the same. */
  readonly hardware: HostHardware | null;
  readonly cpus: number;
  readonly committedVcpus: number;
  readonly memoryMib: number;
  readonly committedMib: number;
}

export interface PlacementRequest extends Grouped {
  readonly imageId: string;
  readonly memoryMib: number;
  readonly vcpus: number;
  readonly hardware: VmHardware;
}

/** How much of its hosts a fleet may promise. */
export interface PlacementSettings {
  /** vCPUs that all VMs of a host may have together, for each of its CPUs; null: as many as its memory allows. */
  readonly cpuRatio: number | null;
  /** MiB that all VMs of a host may have together, for each that it has beside its reserve. */
  readonly memoryRatio: number;
  /** MiB kept for the host itself. */
  readonly hostReserveMib: number;
  /** Whether a host that cannot apply packet filters gets no VMs; such hosts come last otherwise. */
  readonly requireFilters: boolean;
}

export const DEFAULT_PLACEMENT: PlacementSettings = {
  cpuRatio: null,
  memoryRatio: 1,
  hostReserveMib: 512,
  requireFilters: false,
};

/** The ratios that hold for a host. */
export const ratiosOf = (
  { cpuRatio, memoryRatio }: Overcommit,
  settings: Pick<PlacementSettings, 'cpuRatio' | 'memoryRatio'>,
): Pick<PlacementSettings, 'cpuRatio' | 'memoryRatio'> => ({
  cpuRatio: cpuRatio ?? settings.cpuRatio,
  memoryRatio: memoryRatio ?? settings.memoryRatio,
});

/** MiB that a single VM may have there: more than the host has is never promised to one. */
export const usableMibOf = (host: HostCandidate, { hostReserveMib }: PlacementSettings): number =>
  Math.max(0, host.memoryMib - hostReserveMib);

/** MiB that all VMs may have there together. */
export const promisableMibOf = (host: HostCandidate, settings: PlacementSettings): number =>
  Math.floor(usableMibOf(host, settings) * ratiosOf(host, settings).memoryRatio);

/** vCPUs that all VMs may have there together. */
export const promisableVcpusOf = (host: HostCandidate, settings: PlacementSettings): number => {
  const { cpuRatio } = ratiosOf(host, settings);
  return cpuRatio === null ? Infinity : Math.floor(host.cpus * cpuRatio);
};

/** The host with the VM on it. */
export const withPromised = (host: HostCandidate, { vcpus, memoryMib }: PlacementRequest): HostCandidate => ({
  ...host,
  committedVcpus: host.committedVcpus + vcpus,
  committedMib: host.committedMib + memoryMib,
});
