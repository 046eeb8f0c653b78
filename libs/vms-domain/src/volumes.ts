import { DomainError, VOLUME_TARGETS } from '@infinibay/contracts';
import { IMAGE_OPERATIONS, type ImageOperationKind } from './images.js';
import { OPERATION_KINDS, type OperationKind } from './registry.js';

/** Kinds of operations on volumes, each with the steps that a user sees. */
export const VOLUME_OPERATIONS = {
  CREATE_VOLUME: ['make-volume'],
  CLONE_VOLUME: ['copy-volume'],
  RESIZE_VOLUME: ['grow-volume'],
  MOVE_VOLUME: ['move-volume'],
  DELETE_VOLUME: ['remove-volume'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type VolumeOperationKind = keyof typeof VOLUME_OPERATIONS;
/** What cancelOperation takes back, as long as it has not come about. */
export const isCancellableOnVolume = (kind: string): boolean => kind === 'MOVE_VOLUME';

export type VolumeStep = (typeof VOLUME_OPERATIONS)[VolumeOperationKind][number];

/** A kind of operation on whatever there is. */
export type KnownOperationKind = OperationKind | VolumeOperationKind | ImageOperationKind;
export const KNOWN_OPERATION_KINDS: readonly KnownOperationKind[] = [
  ...OPERATION_KINDS,
  ...Object.keys(VOLUME_OPERATIONS).filter((kind): kind is VolumeOperationKind => kind in VOLUME_OPERATIONS),
  ...Object.keys(IMAGE_OPERATIONS).filter((kind): kind is ImageOperationKind => kind in IMAGE_OPERATIONS),
];

/** A kind as a row has it. @throws RangeError for one that this version does not know */
export const knownOperationKind = (text: string): KnownOperationKind => {
  const found = KNOWN_OPERATION_KINDS.find((kind) => kind === text);
  if (found === undefined) throw new RangeError(`${text} is no kind of operation`);
  return found;
};

/** What a volume shall be, and how far that has come about. */
export interface VolumeFacts {
  readonly isWanted: boolean;
  /** It was made once, and that was recorded. */
  readonly isBuilt: boolean;
  /** It is made by copying another. */
  readonly isClone: boolean;
  /** It shall be in another pool. */
  readonly isToMove: boolean;
  /** Bytes that it shall have, and that it has. */
  readonly capacityBytes: bigint;
  readonly builtBytes: bigint;
}

/** The next thing to do about a volume; null: it is as it shall be. Of one that shall go, removing is the last. */
export const planVolume = (facts: VolumeFacts): VolumeStep | null => {
  const { isWanted, isBuilt, isClone, isToMove, capacityBytes, builtBytes } = facts;
  if (!isWanted) return 'remove-volume';
  if (!isBuilt) return isClone ? 'copy-volume' : 'make-volume';
  if (isToMove) return 'move-volume';
  return builtBytes < capacityBytes ? 'grow-volume' : null;
};

export interface PoolCandidate {
  readonly id: string;
  readonly hostId: string;
  readonly capacityBytes: bigint;
  readonly availableBytes: bigint;
  /** It was heard of lately, and can take volumes. */
  readonly isUsable: boolean;
}

/**
 * Bytes that must stay free. A pool with less takes nothing more: guests that write into what they have would be
 * stopped, all at once.
 */
export const reserveBytes = ({ capacityBytes }: Pick<PoolCandidate, 'capacityBytes'>, percent: number): bigint =>
  (capacityBytes * BigInt(percent)) / 100n;

/** Volumes grow as they are written: what is asked for need not be free yet, but must have its place in the pool. */
export const isTooFull = (pool: PoolCandidate, capacityBytes: bigint, reservePercent: number): boolean =>
  pool.availableBytes < reserveBytes(pool, reservePercent) ||
  capacityBytes > pool.capacityBytes - reserveBytes(pool, reservePercent);

/**
 * The pool with the most free space among those that can take the volume; ties go to the smaller id.
 * @throws DomainError POOL_FULL when one that is usable has too little space, NO_SUITABLE_POOL when none is usable
 */
export const choosePool = (
  pools: readonly PoolCandidate[],
  capacityBytes: bigint,
  reservePercent: number,
): PoolCandidate => {
  const usable = pools.filter(({ isUsable }) => isUsable);
  const [best] = usable
    .filter((pool) => !isTooFull(pool, capacityBytes, reservePercent))
    .sort((a, b) => Number(b.availableBytes - a.availableBytes) || (a.id < b.id ? -1 : 1));
  if (best !== undefined) return best;
  throw new DomainError(usable.length === 0 ? 'NO_SUITABLE_POOL' : 'POOL_FULL', { reservePercent });
};

/** Where a volume is moved to, or cloned into: another place of the same host. */
export interface PoolOfHost {
  readonly id: string;
  readonly hostId: string;
}

/**
 * That a volume can go from its pool to another. A pool of another host is none that it could go to.
 * @throws DomainError POOL_NOT_FOUND, VOLUME_BUSY when it is there already
 */
export const requireMovable = (
  { poolId, hostId }: { readonly poolId: string; readonly hostId: string },
  pool: PoolOfHost | null,
): void => {
  if (pool?.hostId !== hostId) throw new DomainError('POOL_NOT_FOUND', { reason: 'no pool of the host of the volume' });
  if (pool.id === poolId) throw new DomainError('VOLUME_BUSY', { reason: 'it is in that pool already', poolId });
};

/** How much of a copy is made, in percent; all of it is told of when the copy counts, and not before. */
export const copyPercent = (copiedBytes: number, totalBytes: number): number =>
  totalBytes <= 0 ? 0 : Math.min(99, Math.floor((100 * copiedBytes) / totalBytes));

/** The first name that no volume of the VM has; null: all are taken. */
export const freeTarget = (taken: readonly string[]): string | null =>
  VOLUME_TARGETS.find((target) => !taken.includes(target)) ?? null;
