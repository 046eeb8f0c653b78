import { describe, expect, it } from '@jest/globals';
import type { DomainPower } from '@infinibay/contracts';
import type { Observed } from './planning.js';
import { plan } from './plan.js';
import { actionOf, taskOf, type OperationKind, type Step } from './registry.js';

const observed = (power: DomainPower, changes: Partial<Observed> = {}): Observed => ({
  power,
  reason: 'user',
  isBuilt: true,
  isDiskSound: true,
  isAsked: true,
  isForceDue: false,
  completed: new Set<Step>(),
  sizes: null,
  ...changes,
});
const save = taskOf('SAVE_VM');
const SAVE = { kind: 'act', step: 'save' };
const SAVED = new Set<Step>(['save']);

describe('a save', () => {
  it('is done to a guest that runs and to one that stands still, which is not let run for it', () => {
    expect(plan('RUNNING', observed('running'), save)).toEqual(SAVE);
    expect(plan('RUNNING', observed('paused'), save)).toEqual(SAVE);
    expect(plan('PAUSED', observed('paused'), save)).toEqual(SAVE);
  });

  it('that has begun is asked for again, whatever the guest has come to, and starts none', () => {
    for (const power of ['running', 'paused', 'off', 'crashed'] as const)
      for (const wish of ['RUNNING', 'PAUSED'] as const)
        expect(plan(wish, observed(power, { isTaskBegun: true }), save)).toEqual(SAVE);
  });

  it('that is done leaves the VM off', () => {
    const done = observed('off', { isTaskBegun: true, completed: SAVED });
    expect(plan('STOPPED', done, save)).toEqual({ kind: 'settled' });
  });

  it('keeps away what would not fit the memory any more', () => {
    const kept: readonly OperationKind[] = ['START_VM', 'SHUTDOWN_VM', 'FORCE_OFF_VM', 'SET_VM_AUTOSTART', 'DELETE_VM'];
    for (const kind of kept) expect([kind, actionOf(kind).refusedWhileSaved]).toEqual([kind, undefined]);
    const refused: readonly OperationKind[] = [
      'RESIZE_VM',
      'RESTORE_VM_REVISION',
      'SET_VM_PORT_LINK',
      'ADD_VM_PORT',
      'REMOVE_VM_PORT',
      'CHANGE_VM_PORT_NETWORK',
      'SET_VM_HARDWARE',
      'SET_VM_CDROM',
      'REPAIR_VM_DRIFT',
      'ACCEPT_VM_DRIFT',
      'ATTACH_VOLUME',
      'DETACH_VOLUME',
      'CREATE_SNAPSHOT',
      'REVERT_TO_SNAPSHOT',
    ];
    for (const kind of refused) expect([kind, actionOf(kind).refusedWhileSaved]).toEqual([kind, true]);
  });
});
