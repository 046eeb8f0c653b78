import { describe, expect, it } from '@jest/globals';
import { NOT_TUNED, type HostTuning, type VmTuning } from '@infinibay/contracts';
import { DEFAULT_HARDWARE } from '../spec/hardware.js';
import { decidePlacement, placeInTurn } from './decide.js';
import { DEFAULT_PLACEMENT, type HostCandidate, type PlacementRequest } from './fleet.js';
import { availablePages, claimsBeside, claimsOf, hugeMibOf, type PagedVm } from './huge-pages.js';
import { refusedPlacement } from './refused.js';

/** CPUs 0 to 3 and 1,024 MiB in pages on node 0, CPUs 8 to 11 and no pages on node 2. */
const TUNING: HostTuning = {
  nodes: [
    {
      id: 0,
      cpus: [0, 1, 2, 3],
      memoryMib: 4_096,
      hugePages: [
        { size: 'MIB_2', total: 512, free: 400 },
        { size: 'GIB_1', total: 0, free: 0 },
      ],
    },
    { id: 2, cpus: [8, 9, 10, 11], memoryMib: 4_096, hugePages: [] },
  ],
};
const host = (changes: Partial<HostCandidate> = {}): HostCandidate => ({
  hostId: 'h1',
  hostname: 'h1',
  memoryMib: 8_192 - hugeMibOf(TUNING),
  committedMib: 0,
  cpus: 8,
  committedVcpus: 0,
  online: true,
  inMaintenance: false,
  filters: true,
  images: new Set(['i1']),
  hardware: null,
  tuning: TUNING,
  pageClaims: [],
  cpuRatio: null,
  memoryRatio: null,
  ...changes,
});
const asked = (tuning: Partial<VmTuning>, changes: Partial<PlacementRequest> = {}): PlacementRequest => ({
  imageId: 'i1',
  memoryMib: 512,
  vcpus: 2,
  hardware: { ...DEFAULT_HARDWARE, ...tuning },
  vmId: null,
  groups: [],
  ...changes,
});
const refusal = (request: PlacementRequest, on = host()) =>
  decidePlacement([on], request, DEFAULT_PLACEMENT).verdicts[0]?.refusal;
const bound = (memoryMib: number, hostNode: number | null) => [{ vcpus: '0-1', memoryMib, hostNode }];
const PAGES = { hugePages: 'MIB_2' } as const;

describe('a host for a VM that says which memory and CPUs it has', () => {
  it.each<[string, string | undefined, Partial<VmTuning>]>([
    ['nothing', undefined, {}],
    ['CPUs of two nodes', undefined, { cpuPinning: ['0-3', '3,8-11'] }],
    ['a CPU between them', 'host-cpu-unknown', { cpuPinning: ['0-3', '4'] }],
    ['CPUs beyond them', 'host-cpu-unknown', { cpuPinning: ['8-12'] }],
    ['nodes that are bound to none', undefined, { numaNodes: bound(512, null) }],
    ['a node', undefined, { numaNodes: bound(512, 2) }],
    ['a node that there is not', 'numa-node-unknown', { numaNodes: bound(512, 1) }],
    ['pages', undefined, PAGES],
    ['pages of a size that there are none of', 'huge-pages', { hugePages: 'GIB_1' }],
    ['pages of a node', undefined, { ...PAGES, numaNodes: bound(512, 0) }],
    ['pages of a node without', 'huge-pages', { ...PAGES, numaNodes: bound(512, 2) }],
  ])('has %s: %s', (_what, rule, tuning) => {
    expect(refusal(asked(tuning))?.rule).toBe(rule);
    const isAsked = Object.keys(tuning).length > 0;
    expect(refusal(asked(tuning), host({ tuning: null }))?.rule).toBe(isAsked ? 'tuning-unknown' : undefined);
  });

  it('has memory on a node beside its pages alone', () => {
    const onNode = (memoryMib: number) => refusal(asked({ numaNodes: bound(memoryMib, 0) }, { memoryMib }));
    expect(onNode(3_072)).toBeNull();
    expect(onNode(3_073)).toMatchObject({ rule: 'numa-node-memory', needed: 3_073, available: 3_072 });
  });

  it('has the pages that are free and nobody is promised, of which those of a batch take in turn', () => {
    const one = asked(PAGES, { memoryMib: 802 });
    expect(refusal(one)).toMatchObject({ rule: 'huge-pages', needed: 401, available: 400 });
    const requests = [asked(PAGES), asked(PAGES), asked({})];
    const decisions = placeInTurn([host()], requests, DEFAULT_PLACEMENT);
    expect(decisions.map(({ hostId }) => hostId)).toEqual(['h1', null, 'h1']);
  });

  it('needs no other memory for a VM of pages, and has its pages for no other', () => {
    const full = host({ committedMib: 8_192 - 1_024 - 512 });
    expect(refusal(asked(PAGES), full)).toBeNull();
    expect(refusal(asked({}), full)?.rule).toBe('memory-committed');
    const lacking = asked(PAGES, { memoryMib: 16_384 });
    const decision = decidePlacement([host()], lacking, DEFAULT_PLACEMENT);
    expect(refusedPlacement(decision, [host()], lacking, DEFAULT_PLACEMENT)).toMatchObject({
      code: 'NO_SUITABLE_HOST',
      details: { refusals: [{ rule: 'huge-pages', hosts: 1 }] },
    });
  });

  it('has what a VM that comes from another host is made of until its next start, and what it will be', () => {
    const definedHardware = { ...DEFAULT_HARDWARE, cpuPinning: ['4'] };
    expect(refusal(asked({}, { definedHardware }))?.rule).toBe('host-cpu-unknown');
    expect(refusal(asked({ cpuPinning: ['4'] }, { definedHardware: DEFAULT_HARDWARE }))?.rule).toBe('host-cpu-unknown');
    const full = host({ committedMib: 8_192 });
    expect(refusal(asked(PAGES, { definedHardware: DEFAULT_HARDWARE }), full)?.rule).toBe('memory-committed');
  });
});

describe('the huge pages of VMs', () => {
  const paged: VmTuning = { ...NOT_TUNED, ...PAGES };
  const vm: PagedVm = {
    vmId: 'v1',
    memoryMib: 512,
    hardware: paged,
    definedHardware: paged,
    isOn: true,
    isNextAsDefined: false,
  };
  const states = (changes: Partial<PagedVm>) => claimsOf({ ...vm, ...changes }).map(({ state }) => state);
  const available = (pageClaims: HostCandidate['pageClaims'], node: number | null = null) =>
    availablePages({ tuning: TUNING, pageClaims }, 'MIB_2', node);

  it('are held by what runs, and wait for what is off or is to become of it', () => {
    expect(states({})).toEqual(['HELD']);
    expect(states({ isOn: false })).toEqual(['WAITING']);
    expect(states({ hardware: NOT_TUNED })).toEqual(['HELD']);
    expect(states({ definedHardware: NOT_TUNED })).toEqual(['WAITING']);
    expect(states({ hardware: { ...NOT_TUNED, hugePages: 'GIB_1' } })).toEqual(['HELD', 'WAITING']);
    expect(states({ hardware: NOT_TUNED, isOn: false })).toEqual([]);
  });

  it('wait for what is brought back as it was defined, whatever it is to become of it', () => {
    const kept = { isOn: false, isNextAsDefined: true };
    expect(states(kept)).toEqual(['WAITING']);
    expect(states({ ...kept, hardware: NOT_TUNED })).toEqual(['WAITING']);
    expect(states({ ...kept, hardware: { ...NOT_TUNED, hugePages: 'GIB_1' } })).toEqual(['WAITING', 'WAITING']);
    const moved = { ...kept, hardware: { ...paged, numaNodes: bound(512, 2) } };
    const [claim] = claimsOf({ ...vm, ...moved, definedHardware: { ...paged, numaNodes: bound(512, 0) } });
    expect(claim?.ofNodes).toEqual(
      new Map([
        [0, 256],
        [2, 256],
      ]),
    );
  });

  it('are of what comes from another host as it was made there, when many are placed in turn', () => {
    const coming = asked({}, { definedHardware: { ...DEFAULT_HARDWARE, ...PAGES } });
    const decisions = placeInTurn([host()], [coming, coming], DEFAULT_PLACEMENT);
    expect(decisions.map(({ hostId }) => hostId)).toEqual(['h1', null]);
  });

  it('are taken from those that are free when they wait, and from all of them once', () => {
    const [held, waiting] = [claimsOf(vm), claimsOf({ ...vm, isOn: false })];
    expect([available([]), available(waiting), available(held)]).toEqual([400, 144, 256]);
    // Told before it ran: what it holds is free no more.
    expect(available([...held, ...held])).toBe(0);
    const onNode = { ...paged, numaNodes: bound(256, 0) };
    expect(available(claimsOf({ ...vm, isOn: false, hardware: onNode }), 0)).toBe(400 - 128);
  });

  it('are there again for the VM that has them', () => {
    expect(available(claimsBeside(claimsOf(vm), 'v1'))).toBe(512);
    expect(available(claimsBeside(claimsOf({ ...vm, isOn: false }), 'v1'))).toBe(400);
    expect(available(claimsBeside(claimsOf(vm), 'v2'))).toBe(256);
  });
});
