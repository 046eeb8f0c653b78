import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOTHING, QUOTAS, UNLIMITED, excesses, quotaExceeded, type Quantities } from './quotas.js';

const quantity = fc.integer({ min: 0, max: 1_000_000 });
const quantities = fc.record({ vms: quantity, vcpus: quantity, memoryMib: quantity, diskGib: quantity });

describe(excesses, () => {
  it('finds none where nothing is limited', () => {
    fc.assert(fc.property(quantities, quantities, (used, more) => excesses(UNLIMITED, used, more).length === 0));
  });

  it('names exactly those of which there would be more than the limit', () => {
    fc.assert(
      fc.property(quantities, quantities, quantities, (limits, used, more) => {
        const expected = QUOTAS.filter((quota) => more[quota] > 0 && used[quota] + more[quota] > limits[quota]);
        expect(excesses(limits, used, more).map(({ quota }) => quota)).toEqual(expected);
      }),
    );
  });

  it('lets the limit be reached, to the last byte', () => {
    const byte = 2 ** -30;
    const limits = { ...UNLIMITED, diskGib: 4_194_304 };
    const used: Quantities = { ...NOTHING, diskGib: 4_194_303 };
    expect(excesses(limits, used, { diskGib: 1 })).toEqual([]);
    expect(excesses(limits, used, { diskGib: 1 + byte })).toEqual([
      { quota: 'diskGib', limit: 4_194_304, used: 4_194_303, requested: 1 + byte },
    ]);
  });

  it('holds nobody up who asks for no more of what there is too much of', () => {
    const limits = { ...UNLIMITED, vms: 0, memoryMib: 100 };
    const used = { ...NOTHING, vms: 5, memoryMib: 500 };
    expect(excesses(limits, used, { vcpus: 2, memoryMib: 0 })).toEqual([]);
    expect(excesses(limits, used, { memoryMib: -100 })).toEqual([]);
    expect(excesses(limits, used, { vms: 1 })).toEqual([{ quota: 'vms', limit: 0, used: 5, requested: 1 }]);
  });
});

describe(quotaExceeded, () => {
  it('names the first in the details, and all of them beside', () => {
    const vms = { quota: 'vms', limit: 1, used: 1, requested: 1 } as const;
    const vcpus = { quota: 'vcpus', limit: 2, used: 1, requested: 2 } as const;
    const error = quotaExceeded('d1', [vms, vcpus]);
    expect([error.code, error.details]).toEqual([
      'QUOTA_EXCEEDED',
      { ...vms, departmentId: 'd1', exceeded: [vms, vcpus] },
    ]);
  });
});
