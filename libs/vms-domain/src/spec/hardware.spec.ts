import { describe, expect, it } from '@jest/globals';
import { specDifferences } from '../snapshots.js';
import {
  DEFAULT_HARDWARE,
  KeptHardware,
  checkedHardware,
  hardwareDifferences,
  hardwareOver,
  isDefaultHardware,
  keepsFirmwareState,
  requireChangeable,
  requireNoFirmwareState,
} from './hardware.js';
import { changesBetweenSpecs } from './spec-changes.js';
import type { DeclaredHardware } from './tuning.js';
import { checkedSpec } from './vm-spec.js';

const made = (changes: Partial<DeclaredHardware>): DeclaredHardware => ({ ...DEFAULT_HARDWARE, ...changes });
const SECURE = made({ firmware: 'UEFI_SECURE_BOOT', machine: 'Q35', tpm: true });
const refused = (code: string) => expect.objectContaining({ code });

describe('the hardware of a VM', () => {
  it('is as it always was where a row says nothing', () => {
    expect(KeptHardware.parse({})).toEqual(DEFAULT_HARDWARE);
    expect(isDefaultHardware(KeptHardware.parse({ bootOrder: ['DISK'] }))).toBe(true);
    expect(isDefaultHardware(made({ bootOrder: ['DISK', 'NETWORK'] }))).toBe(false);
  });

  it.each<[string, Partial<DeclaredHardware>]>([
    ['machine', { firmware: 'UEFI_SECURE_BOOT' }],
    ['bootOrder', { bootOrder: ['DISK', 'DISK'] }],
  ])('is refused by its %s where that does not go with the rest', (path, changes) => {
    const issues = [expect.objectContaining({ path: `hardware.${path}` })];
    const expected = expect.objectContaining({ code: 'INVALID_INPUT', details: { issues } });
    const sizes = { version: 1, vcpus: 1, maxVcpus: 1, memoryMib: 64, maxMemoryMib: 64 };
    expect(() => checkedHardware(made(changes), sizes)).toThrow(expected);
    expect(() => checkedSpec({ ...sizes, hardware: made(changes) })).toThrow(expected);
    expect(checkedSpec({ ...sizes, hardware: SECURE }).hardware).toEqual(SECURE);
  });

  it('takes over what is not said, and the boot order as a whole', () => {
    const before = made({ machine: 'Q35', bootOrder: ['NETWORK', 'DISK'] });
    expect(hardwareOver(before, null)).toEqual(before);
    expect(hardwareOver(before, { tpm: true, machine: null, bootOrder: ['DISK'] })).toEqual({
      ...before,
      tpm: true,
      bootOrder: ['DISK'],
    });
    expect(hardwareDifferences(before, made({ machine: 'Q35' }))).toEqual([
      { path: 'bootOrder', declared: ['NETWORK', 'DISK'], actual: ['DISK'] },
    ]);
  });

  it('keeps state beside its disks with UEFI or a TPM, and no snapshot or clone is made of that', () => {
    const some = [made({ machine: 'Q35' }), made({ firmware: 'UEFI' }), made({ tpm: true })];
    expect(some.map(keepsFirmwareState)).toEqual([false, true, true]);
    expect(() => requireNoFirmwareState(SECURE)).toThrow(refused('FIRMWARE_STATE_NOT_COPIED'));
    requireNoFirmwareState(made({ machine: 'Q35', cpuModel: 'EPYC' }));
  });

  it('changes its firmware only when somebody says that it may not boot, and never loses a TPM', () => {
    const uefi = made({ firmware: 'UEFI' });
    expect(() => requireChangeable(DEFAULT_HARDWARE, uefi, false)).toThrow(refused('FIRMWARE_CHANGE_UNCONFIRMED'));
    expect(() => requireChangeable(uefi, DEFAULT_HARDWARE, false)).toThrow(refused('FIRMWARE_CHANGE_UNCONFIRMED'));
    requireChangeable(DEFAULT_HARDWARE, uefi, true);
    requireChangeable(DEFAULT_HARDWARE, made({ machine: 'Q35', tpm: true, bootOrder: ['CDROM'] }), false);
    expect(() => requireChangeable(SECURE, { ...SECURE, tpm: false }, true)).toThrow(refused('INVALID_INPUT'));
  });

  it('is part of the spec, and a spec of a time before it is of a VM as every one was', () => {
    const sizes = { version: 1, vcpus: 1, maxVcpus: 1, memoryMib: 64, maxMemoryMib: 64 };
    const [now, other] = [checkedSpec(sizes), checkedSpec({ ...sizes, hardware: { machine: 'Q35' } })];
    expect(changesBetweenSpecs(now, other)).toEqual([{ path: 'hardware.machine', from: 'PC', to: 'Q35' }]);
    const { hardware: _none, ...before } = now;
    expect([specDifferences(before, now), specDifferences(before, other)]).toEqual([[], ['hardware.machine']]);
  });
});
