import { DomainError } from '@infinibay/contracts';
import { requirePortsAtRest, type PortRow } from './ports.js';

/** What of a snapshot matters to a VM that shall go to another department. */
export interface CarriedSnapshot {
  readonly id: string;
  readonly state: string;
  readonly hasMemory: boolean;
  readonly memoryBytes: bigint;
}

/** What of a volume that is its disk matters to it. */
export interface CarriedVolume {
  readonly id: string;
  readonly state: string;
  readonly attachment: string | null;
  readonly capacityBytes: bigint;
}

/**
 * Whether all that a VM takes along to another department is at rest, and fits the card that it gets there: the memory of
 * a guest has the card that it had, and whoever went back to it would bring a guest into the network that it has left.
 * @throws DomainError VOLUME_BUSY, PORT_BUSY, SNAPSHOT_BUSY, SNAPSHOT_HOLDS_MEMORY
 */
export const requireTransferable = (
  snapshots: readonly CarriedSnapshot[],
  volumes: readonly CarriedVolume[],
  ports: readonly PortRow[],
): void => {
  for (const { id: volumeId, state, attachment } of volumes)
    if (state !== 'AVAILABLE' || attachment !== 'ATTACHED')
      throw new DomainError('VOLUME_BUSY', { volumeId, state, attachment });
  requirePortsAtRest(ports);
  for (const { id: snapshotId, state } of snapshots)
    if (state !== 'READY') throw new DomainError('SNAPSHOT_BUSY', { snapshotId, state });
  const snapshotIds = snapshots.filter(({ hasMemory }) => hasMemory).map(({ id }) => id);
  if (snapshotIds.length > 0) throw new DomainError('SNAPSHOT_HOLDS_MEMORY', { snapshotIds });
};

/** Disk that the other department has to have room for. */
export const carriedBytes = (
  { diskBytes, savedBytes }: { readonly diskBytes: bigint; readonly savedBytes: bigint | null },
  snapshots: readonly CarriedSnapshot[],
  volumes: readonly CarriedVolume[],
): bigint =>
  [
    diskBytes,
    savedBytes ?? 0n,
    ...volumes.map(({ capacityBytes }) => capacityBytes),
    ...snapshots.map(({ memoryBytes }) => memoryBytes),
  ].reduce((sum, bytes) => sum + bytes, 0n);

/** The departments whose quotas are locked, in the order in which everybody does: of two that cross, none waits for ever. */
export const inLockOrder = (departmentIds: readonly string[]): string[] => [...new Set(departmentIds)].sort();
