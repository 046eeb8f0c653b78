import type { Drift, OperationKind } from '@infinibay/vms-domain';
import { describe, expect, it } from '@jest/globals';
import type { Vm } from '../generated/prisma/client.js';
import { standingDrift } from './reading.js';

const DEFINITION: Drift = { path: 'definition.vcpus', declared: 1, actual: 2 };
const LIVE: Drift = { path: 'live.memoryMib', declared: 256, actual: 128 };
const drift = [DEFINITION, LIVE].map((one) => ({ ...one }));
/** A link was asked for, and its host has not been brought to it yet. */
const DUE = { state: 'RUNNING', revision: 2, appliedRevision: 0, drift } as const;

const standing = (kind: OperationKind | null, vm: Pick<Vm, 'state' | 'revision' | 'appliedRevision' | 'drift'>) =>
  standingDrift({ vm, open: kind === null ? null : { kind } });

describe(standingDrift, () => {
  it('is left alone by who waits for a link, and when that has given way to something else', () => {
    expect(standing('SET_VM_PORT_LINK', DUE)).toEqual(drift);
    // A restart took its place and is over; or another change of the spec did, which has no word on sizes either.
    expect(standing(null, DUE)).toEqual(drift);
    expect(standing('SET_VM_AUTOSTART', DUE)).toEqual(drift);
  });

  it('is none when who asked for other sizes has overruled it, and none where nothing of a spec is due', () => {
    expect(standing('RESIZE_VM', { ...DUE, drift: [] })).toEqual([]);
    expect(standing('START_VM', DUE)).toEqual([]);
    expect(standing(null, { ...DUE, appliedRevision: 2 })).toEqual([]);
  });

  it('is only of the definition when its guest was started since', () => {
    expect(standing('SET_VM_PORT_LINK', { ...DUE, state: 'STARTING' })).toEqual([drift[0]]);
  });
});
