import { DomainError } from '@infinibay/contracts';

export interface HostCandidate {
  readonly hostId: string;
  readonly hostname: string;
  readonly memoryMib: number;
  /** Memory of all VMs that are placed there, running or not. */
  readonly committedMib: number;
  readonly cpus: number;
  readonly online: boolean;
  readonly hasImage: boolean;
}

export interface PlacementRequest {
  readonly memoryMib: number;
  readonly vcpus: number;
}

export type Refusal = 'offline' | 'image-missing' | 'memory-over-host' | 'memory-committed' | 'vcpus-over-host';

export interface HostVerdict {
  readonly hostId: string;
  readonly refusal: Refusal | null;
}

/** Kept for the host itself. */
const HOST_RESERVE_MIB = 512;

export const judgeHost = (host: HostCandidate, request: PlacementRequest): HostVerdict => {
  const usable = host.memoryMib - HOST_RESERVE_MIB;
  const refusal: Refusal | null = !host.online
    ? 'offline'
    : request.memoryMib > usable
      ? 'memory-over-host'
      : !host.hasImage
        ? 'image-missing'
        : request.vcpus > host.cpus
          ? 'vcpus-over-host'
          : request.memoryMib > usable - host.committedMib
            ? 'memory-committed'
            : null;
  return { hostId: host.hostId, refusal };
};

/**
 * The host with the most uncommitted memory among those that can take the VM; ties go to the smaller id.
 * @throws DomainError MEMORY_EXCEEDS_HOST when no host that is online could ever take it, else NO_SUITABLE_HOST with each host's refusal.
 */
export const chooseHost = (hosts: readonly HostCandidate[], request: PlacementRequest): HostCandidate => {
  const verdicts = hosts.map((host) => judgeHost(host, request));
  const fitting = hosts.filter((_host, index) => verdicts[index]?.refusal === null);
  const [best] = fitting.sort((a, b) => freeOf(b) - freeOf(a) || (a.hostId < b.hostId ? -1 : 1));
  if (best !== undefined) return best;
  const online = hosts.filter((host) => host.online);
  const largest = Math.max(0, ...online.map((host) => host.memoryMib - HOST_RESERVE_MIB));
  if (online.length > 0 && request.memoryMib > largest) {
    throw new DomainError('MEMORY_EXCEEDS_HOST', { requestedMib: request.memoryMib, largestMib: largest });
  }
  throw new DomainError('NO_SUITABLE_HOST', { hosts: verdicts });
};

const freeOf = (host: HostCandidate): number => host.memoryMib - host.committedMib;
