import { describe, expect, it } from '@jest/globals';
import { hardwareOf, holdsVariables, ordinaryMibOf, pendingHardware } from './vm-hardware.js';

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
    const declaredSince = { ...row, hardware: { firmware: 'UEFI' } };
    expect(holdsVariables(declaredSince)).toBe(false);
  });

  it('takes memory that is no huge page while it runs on that, or shall again', () => {
    const [pages, none] = [{ hugePages: 'GIB_1' }, {}];
    const of = { ...row, memoryMib: 1_024, reservedMib: 1_024 };
    expect(ordinaryMibOf({ ...of, hardware: none })).toBe(2_048);
    expect(ordinaryMibOf({ ...of, hardware: pages })).toBe(2_048);
    expect(ordinaryMibOf({ ...of, hardware: pages, definedHardware: pages })).toBe(0);
    expect(ordinaryMibOf({ ...of, hardware: none, definedHardware: pages })).toBe(2_048);
    const off = { ...of, state: 'STOPPED', hardware: pages } as const;
    expect(ordinaryMibOf(off)).toBe(0);
    // Its memory is brought back on what it was saved from.
    expect(ordinaryMibOf({ ...off, savedAt: new Date(0) })).toBe(2_048);
  });
});
