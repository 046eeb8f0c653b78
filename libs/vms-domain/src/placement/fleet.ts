import type { HostHardware, HostTuning } from '@infinibay/contracts';
import type { DeclaredHardware } from '../spec/tuning.js';
import type { Grouped } from './groups.js';
import { claimsOf, type PageClaim } from './huge-pages.js';

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
  /** Ids of those that it lacks and can be given, of the ones that were asked about. */
  readonly copyable?: ReadonlySet<string>;
  /** What VMs there can be made of; null: its agent does not tell, and gives every VM the same. */
  readonly hardware: HostHardware | null;
  /** Its NUMA nodes, their CPUs and huge pages; null: its agent does not tell. */
  readonly tuning: HostTuning | null;
  /** What living VMs have of its huge pages, or will. */
  readonly pageClaims: readonly PageClaim[];
  readonly cpus: number;
  readonly committedVcpus: number;
  /** Beside its huge pages, which are no other VM's. */
  readonly memoryMib: number;
  /** To VMs that are not of huge pages alone. */
  readonly committedMib: number;
}

/**
 * Whether a VM may go where its image is to be copied to first. WHEN_NEEDED: where no host that has it can take the VM.
 * ALLOWED: a host that can be given it is as good as one that has it.
 */
export const IMAGE_COPIES = ['NEVER', 'WHEN_NEEDED', 'ALLOWED'] as const;
export type ImageCopies = (typeof IMAGE_COPIES)[number];

export interface PlacementRequest extends Grouped {
  readonly imageId: string;
  /** NEVER when left out. */
  readonly imageCopies?: ImageCopies;
  readonly memoryMib: number;
  readonly vcpus: number;
  readonly hardware: DeclaredHardware;
  /** Of a VM that comes from another host: what it was made of there, and is until its next start; as hardware when left out. */
  readonly definedHardware?: DeclaredHardware;
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

/** MiB that it takes of what is no huge page, now or from its next start on. */
export const ordinaryMibOf = ({ memoryMib, hardware, definedHardware = hardware }: PlacementRequest): number =>
  [hardware, definedHardware].some(({ hugePages }) => hugePages === 'NONE') ? memoryMib : 0;

/** The host with the VM on it. */
export const withPromised = (host: HostCandidate, request: PlacementRequest): HostCandidate => {
  const { hardware, definedHardware = hardware, memoryMib } = request;
  const claims = claimsOf({ vmId: '', memoryMib, hardware, definedHardware, isOn: false, isNextAsDefined: true });
  return {
    ...host,
    committedVcpus: host.committedVcpus + request.vcpus,
    committedMib: host.committedMib + ordinaryMibOf(request),
    pageClaims: [...host.pageClaims, ...claims],
  };
};
