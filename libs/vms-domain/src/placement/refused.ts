import { DomainError } from '@infinibay/contracts';
import { countRefusals, type Decision } from './decide.js';
import {
  ordinaryMibOf,
  usableMibOf,
  type HostCandidate,
  type PlacementRequest,
  type PlacementSettings,
} from './fleet.js';

/**
 * What whoever asked is told when no host can take the VM. Its details reach members of departments: rules and counts,
 * never a host or what is promised to others.
 * @returns MEMORY_EXCEEDS_HOST when no host that is online could ever take it, else NO_SUITABLE_HOST
 */
export const refusedPlacement = (
  { verdicts }: Decision,
  hosts: readonly HostCandidate[],
  request: PlacementRequest,
  settings: PlacementSettings,
): DomainError => {
  const memoryMib = ordinaryMibOf(request);
  const online = hosts.filter((host) => host.online);
  const largestMib = Math.max(0, ...online.map((host) => usableMibOf(host, settings)));
  return online.length > 0 && memoryMib > largestMib
    ? new DomainError('MEMORY_EXCEEDS_HOST', { requestedMib: memoryMib, largestMib })
    : new DomainError('NO_SUITABLE_HOST', { hostsConsidered: hosts.length, refusals: countRefusals(verdicts) });
};
