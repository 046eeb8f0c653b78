import { describe, expect, it } from '@jest/globals';
import { hardwareOf, holdsVariables, pendingHardware } from './vm-hardware.js';

const Q35 = { machine: 'Q35' };
const row = { state: 'RUNNING', savedAt: null, hardware: Q35, definedHardware: null } as const;

describe('the hardware of a row', () => {
  it('that an older version wrote, or that is not understood, is as it always was', () => {
    for (const hardware of [{}, null, { machine: 'ABACUS' }]) expect(hardwareOf({ hardware }).machine).toBe('PC');
  });

  it('waits for a restart of what was made by another definition, also of what is saved', () => {
    const pending = [{ path: 'machine', declared: 'Q35', actual: 'PC' }];
    expect(pendingHardware(row)).toEqual(pending);
    expect(pendingHardware({ ...row, definedHardware: Q35 })).toEqual([]);
    expect(pendingHardware({ ...row, state: 'STOPPED' })).toEqual([]);
    expect(pendingHardware({ ...row, state: 'STOPPED', savedAt: new Date(0) })).toEqual(pending);
    expect(pendingHardware({ ...row, state: 'BUILDING' })).toEqual([]);
  });

  it('holds variables of UEFI while what runs was made with them, whatever is declared since', () => {
    const uefi = { ...row, definedHardware: { firmware: 'UEFI' } };
    expect([holdsVariables(uefi), holdsVariables({ ...uefi, state: 'PAUSED' })]).toEqual([true, true]);
    expect(holdsVariables({ ...uefi, state: 'STOPPED' })).toBe(false);
    expect(holdsVariables({ ...row, hardware: { firmware: 'UEFI' } })).toBe(false);
  });
});
