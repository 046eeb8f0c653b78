import { DomainError, VOLUME_TARGETS, operationUpdatedV2 } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IMAGE_OPERATIONS } from './images.js';
import { OPERATION_KINDS } from './registry.js';
import {
  KNOWN_OPERATION_KINDS,
  VOLUME_OPERATIONS,
  choosePool,
  copyPercent,
  freeTarget,
  isCancellableOnVolume,
  isTooFull,
  knownOperationKind,
  planVolume,
  requireMovable,
  reserveBytes,
  type PoolCandidate,
} from './volumes.js';

const GIB = 1_073_741_824n;

describe('the plan of a volume', () => {
  const facts = {
    isWanted: true,
    isBuilt: true,
    isClone: false,
    isToMove: false,
    capacityBytes: GIB,
    builtBytes: GIB,
  };

  it('makes it once, makes it larger and never smaller, and removes what nobody wants, made or not', () => {
    expect(planVolume({ ...facts, isBuilt: false, builtBytes: 0n })).toBe('make-volume');
    expect(planVolume(facts)).toBeNull();
    expect(planVolume({ ...facts, capacityBytes: GIB + 1n })).toBe('grow-volume');
    expect(planVolume({ ...facts, builtBytes: 2n * GIB })).toBeNull();
    for (const isBuilt of [true, false])
      expect(planVolume({ ...facts, isBuilt, isWanted: false })).toBe('remove-volume');
  });

  it('is copied once where it is a clone, and moved when it is there', () => {
    expect(planVolume({ ...facts, isClone: true, isBuilt: false, builtBytes: 0n })).toBe('copy-volume');
    expect(planVolume({ ...facts, isClone: true })).toBeNull();
    expect(planVolume({ ...facts, isToMove: true, isBuilt: false })).toBe('make-volume');
    expect(planVolume({ ...facts, isToMove: true })).toBe('move-volume');
    expect(planVolume({ ...facts, isToMove: true, isWanted: false })).toBe('remove-volume');
    expect(Object.keys(VOLUME_OPERATIONS).filter(isCancellableOnVolume)).toEqual(['MOVE_VOLUME']);
  });

  it('moves to another pool of the same host, and to no other', () => {
    const volume = { poolId: 'a', hostId: 'h' };
    const refusal = (pool: { id: string; hostId: string } | null): string | null => {
      try {
        requireMovable(volume, pool);
        return null;
      } catch (error) {
        return error instanceof DomainError ? error.code : 'no error of ours';
      }
    };
    expect(refusal({ id: 'b', hostId: 'h' })).toBeNull();
    expect(refusal({ id: 'b', hostId: 'other' })).toBe('POOL_NOT_FOUND');
    expect(refusal(null)).toBe('POOL_NOT_FOUND');
    expect(refusal({ id: 'a', hostId: 'h' })).toBe('VOLUME_BUSY');
  });

  it('is never told to be copied whole before it counts', () => {
    expect([copyPercent(0, 0), copyPercent(1, 3), copyPercent(3, 3), copyPercent(9, 3)]).toEqual([0, 33, 99, 99]);
  });

  it('has kinds of operations that are known beside those of VMs, in words that fit events', () => {
    expect(KNOWN_OPERATION_KINDS).toEqual([
      ...OPERATION_KINDS,
      ...Object.keys(VOLUME_OPERATIONS),
      ...Object.keys(IMAGE_OPERATIONS),
    ]);
    for (const kind of KNOWN_OPERATION_KINDS) {
      expect(operationUpdatedV2.data.shape.kind.safeParse(kind).success).toBe(true);
      expect(knownOperationKind(kind)).toBe(kind);
    }
    expect(() => knownOperationKind('PAINT_VOLUME')).toThrow(RangeError);
  });
});

describe('the choice of a pool', () => {
  const pool = (changes: Partial<PoolCandidate> = {}): PoolCandidate => ({
    id: 'a',
    hostId: 'h',
    capacityBytes: 100n * GIB,
    availableBytes: 50n * GIB,
    isUsable: true,
    ...changes,
  });
  const refusal = (pools: readonly PoolCandidate[], bytes = GIB): string => {
    try {
      return choosePool(pools, bytes, 5).id;
    } catch (error) {
      return error instanceof DomainError ? error.code : 'no error of ours';
    }
  };

  it('takes the one with the most free space that can be used', () => {
    const most = pool({ id: 'b', availableBytes: 60n * GIB });
    expect(refusal([pool(), most])).toBe('b');
    expect(refusal([pool(), { ...most, isUsable: false }])).toBe('a');
    expect(refusal([pool({ id: 'b' }), pool()])).toBe('a');
  });

  it('refuses early when the reserve is not free, or the volume would never fit', () => {
    expect(refusal([pool({ availableBytes: 5n * GIB })])).toBe('a');
    expect(refusal([pool({ availableBytes: 5n * GIB - 1n })])).toBe('POOL_FULL');
    expect(refusal([pool()], 95n * GIB)).toBe('a');
    expect(refusal([pool()], 95n * GIB + 1n)).toBe('POOL_FULL');
    expect(refusal([])).toBe('NO_SUITABLE_POOL');
    expect(refusal([pool({ isUsable: false })])).toBe('NO_SUITABLE_POOL');
    // One that nobody can use says nothing about space.
    expect(refusal([pool({ isUsable: false }), pool({ id: 'b', availableBytes: 0n })])).toBe('POOL_FULL');
  });

  it('never chooses one that is too full', () => {
    const any = fc.record({
      id: fc.string({ minLength: 1 }),
      hostId: fc.constant('h'),
      capacityBytes: fc.bigInt(0n, 1_000n),
      availableBytes: fc.bigInt(0n, 1_000n),
      isUsable: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any), fc.bigInt(1n, 1_000n), fc.integer({ min: 0, max: 90 }), (pools, bytes, percent) => {
        const fitting = pools.filter((one) => one.isUsable && !isTooFull(one, bytes, percent));
        if (fitting.length === 0) return expect(() => choosePool(pools, bytes, percent)).toThrow(DomainError);
        const chosen = choosePool(pools, bytes, percent);
        expect(fitting).toContain(chosen);
        expect(chosen.availableBytes).toBeGreaterThanOrEqual(reserveBytes(chosen, percent));
      }),
    );
  });
});

describe('the name of a volume at a VM', () => {
  it('is the first that is free, until none is', () => {
    expect(freeTarget([])).toBe('vdb');
    expect(freeTarget(['vdb', 'vdd'])).toBe('vdc');
    expect(freeTarget(VOLUME_TARGETS.slice(0, -1))).toBe('vdz');
    expect(freeTarget(VOLUME_TARGETS)).toBeNull();
  });
});
