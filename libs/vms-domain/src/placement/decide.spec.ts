import { describe, expect, it } from '@jest/globals';
import type { HostHardware } from '@infinibay/contracts';
import { DEFAULT_HARDWARE } from '../spec/hardware.js';
import type { DeclaredHardware } from '../spec/tuning.js';
import { decidePlacement, placeInTurn } from './decide.js';
import {
  DEFAULT_PLACEMENT,
  type HostCandidate,
  type ImageCopies,
  type PlacementRequest,
  type PlacementSettings,
} from './fleet.js';
import { refusedPlacement } from './refused.js';

const host = (overrides: Partial<HostCandidate> = {}): HostCandidate => ({
  hostId: 'h1',
  hostname: 'h1',
  memoryMib: 4_096,
  committedMib: 0,
  cpus: 2,
  committedVcpus: 0,
  online: true,
  inMaintenance: false,
  filters: true,
  images: new Set(['i1']),
  hardware: null,
  cpuRatio: null,
  memoryRatio: null,
  tuning: null,
  pageClaims: [],
  ...overrides,
});
const UNGROUPED = { vmId: null, groups: [] };
const request: PlacementRequest = {
  imageId: 'i1',
  memoryMib: 1_024,
  vcpus: 1,
  hardware: DEFAULT_HARDWARE,
  ...UNGROUPED,
};
const PLAIN: HostHardware = { machines: [{ machine: 'PC', firmwares: ['BIOS'] }], cpuModels: ['MAXIMUM'], tpm: false };
const WITH_UEFI: HostHardware = {
  machines: [...PLAIN.machines, { machine: 'Q35', firmwares: ['BIOS', 'UEFI'] }],
  cpuModels: ['MAXIMUM', 'EPYC'],
  tpm: true,
};
const decide = (hosts: HostCandidate[], asked = request, settings: PlacementSettings = DEFAULT_PLACEMENT) =>
  decidePlacement(hosts, asked, settings);
const RATIO = { ...DEFAULT_PLACEMENT, cpuRatio: 16 };
const refusal = (overrides: Partial<HostCandidate>, asked = request) =>
  decide([host(overrides)], asked, RATIO).verdicts[0]?.refusal;

describe('decidePlacement', () => {
  it('takes the host with the most memory to promise, then the fewest vCPUs for each CPU, then the smaller id', () => {
    expect(decide([host({ committedMib: 2_000 }), host({ hostId: 'h2' })]).hostId).toBe('h2');
    expect(decide([host({ committedVcpus: 3 }), host({ hostId: 'h2' })]).hostId).toBe('h2');
    expect(decide([host({ committedVcpus: 3 }), host({ hostId: 'h2', committedVcpus: 5, cpus: 8 })]).hostId).toBe('h2');
    for (const fleet of [
      ['h1', 'h2'],
      ['h2', 'h1'],
    ])
      expect(decide(fleet.map((hostId) => host({ hostId }))).hostId).toBe('h1');
  });

  it.each([
    ['host-online', { online: false }, null, null],
    ['host-in-maintenance', { inMaintenance: true }, null, null],
    ['host-online', { online: false, inMaintenance: true }, null, null],
    ['memory', { memoryMib: 1_500 }, 1_024, 988],
    ['memory', { memoryMib: 100 }, 1_024, 0],
    ['image-present', { images: new Set(['i2']) }, null, null],
    ['memory-committed', { committedMib: 3_000 }, 1_024, 584],
    ['memory-committed', { committedMib: 9_000 }, 1_024, 0],
    ['cpu-committed', { committedVcpus: 32 }, 1, 0],
  ] as const)('refuses by %s: %j', (rule, overrides, needed, available) => {
    expect(refusal(overrides)).toMatchObject({ rule, needed, available });
  });

  it('prefers hosts with packet filters, and refuses the others when they are required', () => {
    const hosts = [host({ filters: false }), host({ hostId: 'h2', committedMib: 2_000 })];
    expect(decide(hosts).hostId).toBe('h2');
    const bare = [host({ filters: false })];
    expect(decide(bare).hostId).toBe('h1');
    const required = decide(bare, request, { ...DEFAULT_PLACEMENT, requireFilters: true });
    expect(required.verdicts[0]?.refusal?.rule).toBe('nwfilter');
  });

  it('counts promised vCPUs only where a ratio is set', () => {
    const crowded = [host({ committedVcpus: 10_000 })];
    expect(decide(crowded).hostId).toBe('h1');
    expect(decide(crowded, request, RATIO).hostId).toBeNull();
  });

  it.each<[string | undefined, HostHardware | null, Partial<DeclaredHardware>]>([
    [undefined, null, {}],
    [undefined, PLAIN, {}],
    ['hardware-unknown', null, { bootOrder: ['NETWORK', 'DISK'] }],
    [undefined, PLAIN, { bootOrder: ['NETWORK', 'DISK'] }],
    ['machine-unknown', PLAIN, { machine: 'Q35' }],
    ['no-uefi', WITH_UEFI, { firmware: 'UEFI' }],
    [undefined, WITH_UEFI, { firmware: 'UEFI', machine: 'Q35' }],
    ['no-secure-boot', WITH_UEFI, { firmware: 'UEFI_SECURE_BOOT', machine: 'Q35' }],
    ['no-tpm', PLAIN, { tpm: true }],
    ['cpu-model-unknown', PLAIN, { cpuModel: 'EPYC' }],
    [undefined, PLAIN, { cpuModel: 'MAXIMUM' }],
    [undefined, WITH_UEFI, { cpuModel: 'EPYC', tpm: true }],
  ])('asks of hardware what is not as it always was: %s', (rule, hardware, wanted) => {
    const asked = { ...request, hardware: { ...DEFAULT_HARDWARE, ...wanted } };
    expect(refusal({ hardware }, asked)?.rule).toBe(rule);
  });

  it('takes a host that can be given the image where none that has it fits, as good as any where that is allowed, or never', () => {
    const has = host({ committedMib: 1_000 });
    const lacks = host({ hostId: 'h2', images: new Set(), copyable: new Set(['i1']) });
    const chosen = (hosts: HostCandidate[], imageCopies?: ImageCopies) =>
      decide(hosts, { ...request, ...(imageCopies === undefined ? {} : { imageCopies }) }).hostId;
    expect([chosen([has, lacks]), chosen([has, lacks], 'WHEN_NEEDED')]).toEqual(['h1', 'h1']);
    expect(chosen([has, lacks], 'ALLOWED')).toBe('h2');
    const full = host({ committedMib: 3_000 });
    expect([chosen([full, lacks]), chosen([full, lacks], 'NEVER')]).toEqual([null, null]);
    expect(chosen([full, lacks], 'WHEN_NEEDED')).toBe('h2');
    // No copy can be made there: its agent is too old, its pool is full, or nobody sends it.
    const cannot = host({ hostId: 'h3', images: new Set() });
    expect(chosen([full, cannot], 'WHEN_NEEDED')).toBeNull();
    // What could be copied there does not make it fit.
    const away = decide([full, { ...lacks, online: false }], { ...request, imageCopies: 'WHEN_NEEDED' });
    expect(away.verdicts.map(({ refusal: found }) => found?.rule)).toEqual(['memory-committed', 'host-online']);
  });

  it('gives one VM no more CPUs than the host has, whatever the ratio', () => {
    expect(refusal({}, { ...request, vcpus: 3 })).toMatchObject({ rule: 'cpu', needed: 3, available: 2 });
  });

  it('promises memory beyond what is there only by its ratio, and never more to one VM than the host has', () => {
    const full = host({ committedMib: 3_584 });
    expect(decide([full]).hostId).toBeNull();
    const twice = { ...DEFAULT_PLACEMENT, memoryRatio: 2 };
    expect(decide([full], request, twice).hostId).toBe('h1');
    expect(decide([host()], { ...request, memoryMib: 4_000 }, twice).verdicts[0]?.refusal?.rule).toBe('memory');
  });

  it('promises by the ratios of a host where it has some, whatever the fleet has, and tells the ratio', () => {
    expect(decide([host({ committedMib: 3_584, memoryRatio: 2 })]).hostId).toBe('h1');
    expect(refusal({ committedMib: 3_584, memoryRatio: 1.1 })).toMatchObject({ rule: 'memory-committed', ratio: 1.1 });
    expect(refusal({ committedVcpus: 32, cpuRatio: 17 })).toBeNull();
    expect(refusal({ committedVcpus: 2, cpuRatio: 1 })).toMatchObject({ rule: 'cpu-committed', ratio: 1 });
    expect(decide([host({ committedVcpus: 2, cpuRatio: 1 })]).hostId).toBeNull();
    expect(refusal({ committedVcpus: 32 })).toMatchObject({ rule: 'cpu-committed', ratio: 16 });
  });

  it('scores those that can take it and tells why the others cannot, the best one first', () => {
    const hosts = [
      host({ online: false }),
      host({ hostId: 'h2', committedVcpus: 1 }),
      host({ hostId: 'h3', committedMib: 1_000 }),
    ];
    expect(decide(hosts)).toMatchObject({
      hostId: 'h2',
      verdicts: [
        { hostId: 'h2', refusal: null, score: { filters: true, freeMib: 3_584, vcpusPerCpu: 0.5 } },
        { hostId: 'h3', refusal: null, score: { filters: true, freeMib: 2_584, vcpusPerCpu: 0 } },
        { hostId: 'h1', refusal: { rule: 'host-online' }, score: null },
      ],
    });
  });
});

describe('placeInTurn', () => {
  it('counts what was placed for those that follow', () => {
    const decisions = placeInTurn([host(), host({ hostId: 'h2' })], Array(8).fill(request), DEFAULT_PLACEMENT);
    expect(decisions.map(({ hostId }) => hostId)).toEqual(['h1', 'h2', 'h1', 'h2', 'h1', 'h2', null, null]);
  });
});

describe('refusedPlacement', () => {
  const refused = (hosts: HostCandidate[], asked = request) =>
    refusedPlacement(decide(hosts, asked), hosts, asked, DEFAULT_PLACEMENT);

  it('says that the memory exceeds every host', () => {
    expect(refused([host()], { ...request, memoryMib: 4_096 })).toMatchObject({
      code: 'MEMORY_EXCEEDS_HOST',
      details: { requestedMib: 4_096, largestMib: 3_584 },
    });
  });

  it('counts the hosts that each rule refused, and names none', () => {
    const hosts = [
      host({ online: false }),
      host({ hostId: 'h2', images: new Set() }),
      host({ hostId: 'h3', committedMib: 3_000 }),
      host({ hostId: 'h4', online: false }),
    ];
    expect(refused(hosts)).toMatchObject({ code: 'NO_SUITABLE_HOST' });
    expect(refused(hosts).details).toEqual({
      hostsConsidered: 4,
      refusals: [
        { rule: 'host-online', hosts: 2 },
        { rule: 'image-present', hosts: 1 },
        { rule: 'memory-committed', hosts: 1 },
      ],
    });
    expect(refused([]).details).toEqual({ hostsConsidered: 0, refusals: [] });
  });
});
