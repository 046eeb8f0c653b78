import { describe, expect, it } from '@jest/globals';
import type { DomainSizes, VmSizes } from '@infinibay/contracts';
import fc from 'fast-check';
import {
  adopted,
  driftOf,
  nextSpecStep,
  ofDefinition,
  pendingRestartOf,
  promisedMib,
  type DomainComparison,
} from './domain-comparison.js';

const KIB = 1_024;
const NONE: ReadonlySet<string> = new Set();
const want: VmSizes = { vcpus: 2, maxVcpus: 4, memoryMib: 256, maxMemoryMib: 512 };
const domain = (
  { vcpus, maxVcpus, memoryMib, maxMemoryMib }: VmSizes,
  changes: Partial<DomainSizes> = {},
): DomainSizes => ({
  vcpus,
  maxVcpus,
  memoryKib: memoryMib * KIB,
  maxMemoryKib: maxMemoryMib * KIB,
  ...changes,
});
const compared = (definition: DomainSizes | null, live: DomainSizes | null): DomainComparison => ({
  want,
  have: { definition, live },
});
const sizes = fc
  .record({
    vcpus: fc.integer({ min: 1, max: 8 }),
    moreVcpus: fc.nat(4),
    memoryMib: fc.integer({ min: 64, max: 1_024 }),
    moreMib: fc.nat(512),
  })
  .map(({ vcpus, moreVcpus, memoryMib, moreMib }): VmSizes => ({
    vcpus,
    maxVcpus: vcpus + moreVcpus,
    memoryMib,
    maxMemoryMib: memoryMib + moreMib,
  }));

describe('the next step of a spec', () => {
  it('is the definition, then what runs, then none', () => {
    const small = domain({ ...want, vcpus: 1, memoryMib: 128 });
    expect(nextSpecStep(compared(small, small), NONE)).toBe('redefine');
    expect(nextSpecStep(compared(domain(want), small), NONE)).toBe('update-live');
    expect(nextSpecStep(compared(domain(want), domain(want)), NONE)).toBeNull();
    expect(nextSpecStep(compared(domain(want), null), NONE)).toBeNull();
    expect(nextSpecStep(compared(null, null), NONE)).toBeNull();
  });

  it('leaves alone what runs where all that differs is fixed while it runs', () => {
    const booted = domain({ vcpus: 1, maxVcpus: 1, memoryMib: 128, maxMemoryMib: 128 });
    expect(nextSpecStep(compared(domain(want), booted), NONE)).toBeNull();
    expect(pendingRestartOf(compared(domain(want), booted)).map(({ path, reason }) => [path, reason])).toEqual([
      ['vcpus', 'ABOVE_BOUND'],
      ['maxVcpus', 'BOUND_AT_BOOT'],
      ['memoryMib', 'ABOVE_BOUND'],
      ['maxMemoryMib', 'BOUND_AT_BOOT'],
    ]);
  });

  it('ends with any host, also one that takes nothing, and at once with one that takes all', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.option(sizes, { nil: null }), fc.boolean(), (wanted, has, runs, isDeaf) => {
        const completed = new Set<string>();
        let have = { definition: domain(has), live: runs === null ? null : domain(runs) };
        for (
          let step = nextSpecStep({ want: wanted, have }, completed);
          step !== null;
          step = nextSpecStep({ want: wanted, have }, completed)
        ) {
          expect(completed.has(step)).toBe(false);
          completed.add(step);
          if (isDeaf) continue;
          have =
            step === 'redefine' ? { ...have, definition: domain(wanted) } : { ...have, live: live(have.live, wanted) };
        }
        const left = driftOf({ want: wanted, have }, pendingRestartOf({ want: wanted, have }));
        if (!isDeaf) expect(left.drift).toEqual([]);
        if (!isDeaf && runs !== null && wanted.vcpus <= runs.maxVcpus) expect(have.live?.vcpus).toBe(wanted.vcpus);
      }),
    );
  });

  const live = (has: DomainSizes | null, wanted: VmSizes): DomainSizes | null =>
    has === null
      ? null
      : {
          ...has,
          vcpus: wanted.vcpus <= has.maxVcpus ? wanted.vcpus : has.vcpus,
          memoryKib: wanted.memoryMib * KIB <= has.maxMemoryKib ? wanted.memoryMib * KIB : has.memoryKib,
        };
});

describe('drift', () => {
  it('is none of a VM that is as it is declared, nor by a page of memory', () => {
    for (const less of [0, 4, 100, -300])
      expect(driftOf(compared(domain(want), domain(want, { memoryKib: 256 * KIB - less })), [])).toEqual({
        pendingRestart: [],
        drift: [],
      });
  });

  it('is told of the definition and of what runs, each by its path', () => {
    const edited = domain(want, { vcpus: 3 });
    const squeezed = domain(want, { memoryKib: 128 * KIB });
    expect(driftOf(compared(edited, squeezed), []).drift).toEqual([
      { path: 'definition.vcpus', declared: 2, actual: 3 },
      { path: 'live.memoryMib', declared: 256, actual: 128 },
    ]);
    expect(driftOf(compared(edited, null), []).drift.map(({ path }) => path)).toEqual(['definition.vcpus']);
    expect(driftOf(compared(null, null), []).drift).toEqual([]);
  });

  it('is not what waits for a restart, as long as it comes no farther from what it shall be', () => {
    const at = (mib: number) => compared(domain(want), domain(want, { memoryKib: mib * KIB }));
    let pending = pendingRestartOf(at(512));
    expect(pending).toEqual([{ path: 'memoryMib', reason: 'GUEST_KEEPS', declared: 256, actual: 512 }]);
    for (const mib of [512, 400, 300]) {
      const found = driftOf(at(mib), pending);
      expect(found.drift).toEqual([]);
      pending = found.pendingRestart;
      expect(pending).toEqual([{ path: 'memoryMib', reason: 'GUEST_KEEPS', declared: 256, actual: mib }]);
    }
    expect(driftOf(at(350), pending)).toEqual({
      pendingRestart: [],
      drift: [{ path: 'live.memoryMib', declared: 256, actual: 350 }],
    });
    expect(driftOf(at(256), pending)).toEqual({ pendingRestart: [], drift: [] });
  });

  it('that is adopted is none any more, of any definition that a VM may have', () => {
    fc.assert(
      fc.property(sizes, sizes, fc.option(sizes, { nil: null }), (declared, defined, runs) => {
        const have = { definition: domain(defined), live: runs === null ? null : domain(runs) };
        const after = adopted(declared, driftOf({ want: declared, have }, []).drift);
        expect(after.maxVcpus).toBeGreaterThanOrEqual(after.vcpus);
        expect(after.maxMemoryMib).toBeGreaterThanOrEqual(after.memoryMib);
        if (runs === null) expect(after).toEqual(defined);
      }),
    );
  });

  it('of the definition is what a start keeps', () => {
    const { drift } = driftOf(compared(domain(want, { vcpus: 3 }), domain(want, { vcpus: 1 })), []);
    expect(adopted(want, ofDefinition(drift))).toEqual({ ...want, vcpus: 3 });
    expect(adopted(want, drift)).toEqual({ ...want, vcpus: 3 });
    expect(adopted(want, drift.slice(1))).toEqual({ ...want, vcpus: 1 });
  });
});

describe('memory that is promised', () => {
  it('is what the guest may take: up to its bound, or what it was started with', () => {
    expect(promisedMib(want, null)).toBe(512);
    expect(promisedMib(want, domain(want, { maxMemoryKib: 2_048 * KIB }))).toBe(2_048);
    expect(promisedMib(want, domain(want, { maxMemoryKib: 64 * KIB }))).toBe(512);
  });
});
