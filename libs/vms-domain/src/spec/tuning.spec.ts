import { describe, expect, it } from '@jest/globals';
import { NOT_TUNED, type VmTuning } from '@infinibay/contracts';
import { specDifferences } from '../snapshots.js';
import { sizesOver } from '../templates.js';
import {
  DEFAULT_HARDWARE,
  KeptHardware,
  checkedHardware,
  hardwareDifferences,
  hardwareOver,
  isDefaultHardware,
  isDefaultMachine,
} from './hardware.js';
import { changesBetweenSpecs } from './spec-changes.js';
import { isTuned, tuningIssues } from './tuning.js';
import { checkedSpec, resized } from './vm-spec.js';

const ROOM = { maxVcpus: 4, maxMemoryMib: 2_048 };
const SIZES = { version: 1, vcpus: 2, memoryMib: 1_024, ...ROOM };
const node = (vcpus: string, memoryMib: number, hostNode: number | null = null) => ({ vcpus, memoryMib, hostNode });
const TWO_NODES = [node('0,2', 1_024, 1), node('1,3', 1_024)];
const tuned = (changes: Partial<VmTuning>): VmTuning => ({ ...NOT_TUNED, ...changes });
const invalid = (...paths: string[]) =>
  expect.objectContaining({
    code: 'INVALID_INPUT',
    details: { issues: paths.map((path) => expect.objectContaining({ path }) as unknown) },
  });

describe('the tuning of a VM', () => {
  it('is none where nothing is said, whatever else it is made of', () => {
    expect(KeptHardware.parse({ machine: 'Q35' })).toMatchObject(NOT_TUNED);
    expect(isTuned(DEFAULT_HARDWARE)).toBe(false);
    for (const changes of [{ hugePages: 'MIB_2' }, { cpuPinning: ['0'] }, { numaNodes: TWO_NODES }] as const) {
      const hardware = KeptHardware.parse({ ...DEFAULT_HARDWARE, ...changes });
      expect([isTuned(hardware), isDefaultHardware(hardware), isDefaultMachine(hardware)]).toEqual([true, false, true]);
    }
  });

  it.each<[string, Partial<VmTuning>]>([
    ['one set of CPUs for all', { cpuPinning: ['0-63'] }],
    ['one for each vCPU that there may be', { cpuPinning: ['0', '1', '2', '0-3'] }],
    ['nodes of all of its room', { numaNodes: TWO_NODES }],
    ['nodes of whole pages', { hugePages: 'GIB_1', numaNodes: TWO_NODES }],
    ['one node', { numaNodes: [node('0-3', 2_048, 0)] }],
  ])('may be %s', (_what, changes) => {
    expect(tuningIssues(tuned(changes), ROOM)).toEqual([]);
  });

  it.each<[string, keyof VmTuning, Partial<VmTuning>]>([
    ['sets for the vCPUs that run alone', 'cpuPinning', { cpuPinning: ['0', '1'] }],
    ['a vCPU in no node', 'numaNodes', { numaNodes: [node('0-1', 1_024), node('3', 1_024)] }],
    ['a vCPU in two nodes', 'numaNodes', { numaNodes: [node('0-2', 1_024), node('2-3', 1_024)] }],
    ['a vCPU that there is not', 'numaNodes', { numaNodes: [node('0-4', 2_048)] }],
    ['less memory than it may have', 'numaNodes', { numaNodes: [node('0-3', 1_024)] }],
    [
      'a part of a page in a node',
      'hugePages',
      { hugePages: 'GIB_1', numaNodes: [node('0-1', 512), node('2-3', 1_536)] },
    ],
  ])('may not be %s', (_what, path, changes) => {
    expect(tuningIssues(tuned(changes), ROOM)).toEqual([expect.objectContaining({ path })]);
    const hardware = { ...DEFAULT_HARDWARE, ...changes };
    const refused = invalid(`hardware.${path}`);
    expect(() => checkedHardware(hardware, ROOM)).toThrow(refused);
    expect(() => checkedSpec({ ...SIZES, hardware })).toThrow(refused);
  });

  it('may not be pages that its memory is no whole number of', () => {
    expect(tuningIssues(tuned({ hugePages: 'MIB_2' }), { ...ROOM, maxMemoryMib: 2_047 })).toHaveLength(1);
    expect(tuningIssues(NOT_TUNED, { ...ROOM, maxMemoryMib: 2_047 })).toEqual([]);
  });

  it('is changed thing by thing, and none of a list is another list', () => {
    const before = { ...DEFAULT_HARDWARE, hugePages: 'MIB_2' as const, cpuPinning: ['0-1'] };
    const numaNodes = TWO_NODES;
    expect(hardwareOver(before, { numaNodes, hugePages: null })).toEqual({ ...before, numaNodes });
    const none = hardwareOver(before, { cpuPinning: [], hugePages: 'NONE' });
    expect(none).toEqual(DEFAULT_HARDWARE);
    expect(hardwareDifferences(none, before)).toEqual([
      { path: 'hugePages', declared: 'NONE', actual: 'MIB_2' },
      { path: 'cpuPinning', declared: [], actual: ['0-1'] },
    ]);
  });

  it('stays with sizes within the room, and has to be said anew with other room', () => {
    const before = checkedSpec({ ...SIZES, hardware: { numaNodes: TWO_NODES, cpuPinning: ['0', '1', '2', '3'] } });
    expect(resized(before, { vcpus: 4, memoryMib: 512 }).hardware).toEqual(before.hardware);
    expect(() => resized(before, { vcpus: 2, memoryMib: 4_096 })).toThrow(invalid('hardware.numaNodes'));
    const more = { vcpus: 2, memoryMib: 1_024, maxVcpus: 5 };
    expect(() => resized(before, more)).toThrow(invalid('hardware.cpuPinning', 'hardware.numaNodes'));
    const numaNodes = [node('0-4', 2_048)];
    const hardware = hardwareOver(before.hardware, { numaNodes, cpuPinning: ['0-3'] });
    expect(resized({ ...before, hardware }, more).hardware).toMatchObject({ numaNodes, cpuPinning: ['0-3'] });
  });

  it('is looked at with the sizes that are said over a template, and not before', () => {
    const template = checkedSpec({ ...SIZES, hardware: { numaNodes: TWO_NODES } });
    const said = { vcpus: null, memoryMib: 4_096, maxVcpus: null, maxMemoryMib: null };
    expect(sizesOver(template, said)).toMatchObject({ memoryMib: 4_096, maxMemoryMib: 4_096 });
  });

  it('is part of the spec, and a spec of a time before it says nothing of it', () => {
    const [now, other] = [checkedSpec(SIZES), checkedSpec({ ...SIZES, hardware: { cpuPinning: ['0-1'] } })];
    expect(changesBetweenSpecs(now, other)).toEqual([{ path: 'hardware.cpuPinning.0', from: null, to: '0-1' }]);
    const before = { ...now, hardware: { firmware: 'BIOS', machine: 'PC' } };
    expect([specDifferences(before, now), specDifferences(before, other)]).toEqual([[], ['hardware.cpuPinning.0']]);
  });
});
