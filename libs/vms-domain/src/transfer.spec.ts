import { DomainError } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { plan } from './plan.js';
import type { Observed } from './planning.js';
import type { PortRow } from './ports.js';
import { taskOf, type Step } from './registry.js';
import {
  carriedBytes,
  inLockOrder,
  requireTransferable,
  type CarriedSnapshot,
  type CarriedVolume,
} from './transfer.js';

const snapshot = (changes: Partial<CarriedSnapshot> = {}): CarriedSnapshot => ({
  id: 's',
  state: 'READY',
  hasMemory: false,
  memoryBytes: 0n,
  ...changes,
});
const volume = (changes: Partial<CarriedVolume> = {}): CarriedVolume => ({
  id: 'v',
  state: 'AVAILABLE',
  attachment: 'ATTACHED',
  capacityBytes: 5n,
  ...changes,
});
const refusal = (snapshots: CarriedSnapshot[], volumes: CarriedVolume[], ports: PortRow[] = []): unknown => {
  try {
    requireTransferable(snapshots, volumes, ports);
    return null;
  } catch (error) {
    return error instanceof DomainError ? error.code : error;
  }
};

describe('a VM that goes to another department', () => {
  it('takes its volumes and snapshots along, and needs room for all of them there', () => {
    expect(refusal([snapshot()], [volume(), volume({ id: 'w' })])).toBeNull();
    const carried = [[snapshot({ memoryBytes: 3n })], [volume(), volume()]] as const;
    expect(carriedBytes({ diskBytes: 100n, savedBytes: null }, ...carried)).toBe(113n);
    expect(carriedBytes({ diskBytes: 100n, savedBytes: 7n }, [], [])).toBe(107n);
  });

  it('is refused while a port of it comes or goes', () => {
    const of = { id: 'p', networkId: 'n', slot: 1, replacesNetworkId: null, createdAt: new Date(0) };
    expect(refusal([], [], [{ ...of, attachment: 'ATTACHED' }])).toBeNull();
    expect(refusal([], [], [{ ...of, attachment: 'DETACHING' }])).toBe('PORT_BUSY');
  });

  it.each<[string, CarriedSnapshot[], CarriedVolume[]]>([
    ['VOLUME_BUSY', [], [volume(), volume({ state: 'RESIZING' })]],
    ['VOLUME_BUSY', [], [volume({ attachment: 'DETACHING' })]],
    ['SNAPSHOT_BUSY', [snapshot(), snapshot({ state: 'DELETING' })], []],
    ['SNAPSHOT_HOLDS_MEMORY', [snapshot(), snapshot({ hasMemory: true })], [volume()]],
  ])('is refused with %s', (code, snapshots, volumes) => {
    expect(refusal(snapshots, volumes)).toBe(code);
  });

  it('locks the smaller id first, whichever way it goes', () => {
    expect(inLockOrder(['b', 'a'])).toEqual(['a', 'b']);
    expect(inLockOrder(['a', 'b'])).toEqual(['a', 'b']);
    expect(inLockOrder(['a', 'a'])).toEqual(['a']);
  });

  it('goes once it is off, and is made ready there when nobody waits for it any more', () => {
    const off = (changes: Partial<Observed> = {}): Observed => ({
      power: 'off',
      reason: '',
      isBuilt: true,
      isDiskSound: true,
      isAsked: true,
      isForceDue: false,
      isToSettleIn: true,
      completed: new Set<Step>(),
      sizes: null,
      ...changes,
    });
    const task = taskOf('TRANSFER_VM');
    for (const wish of ['STOPPED', 'FORCED_OFF'] as const) {
      expect(plan(wish, off(), task)).toEqual({ kind: 'act', step: 'transfer' });
      expect(plan(wish, off({ completed: new Set(['transfer']) }), task)).toEqual({ kind: 'settled' });
      expect(plan(wish, off({ isAsked: false }))).toEqual({ kind: 'act', step: 'settle-in' });
      expect(plan(wish, off({ isAsked: false, completed: new Set(['settle-in']) }))).toEqual({ kind: 'settled' });
      // Whoever waits for something else is told of that first.
      expect(plan(wish, off())).toEqual({ kind: 'settled' });
    }
    // Somebody started it by hand: its card is not taken from under it.
    expect(plan('FORCED_OFF', off({ power: 'running' }), task)).toEqual({ kind: 'act', step: 'force-off' });
    expect(plan('DELETED', off({ isAsked: false, power: null }))).toEqual({ kind: 'act', step: 'remove-disk' });
  });
});
