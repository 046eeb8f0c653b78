import { describe, expect, it } from '@jest/globals';
import { cdromAfter, ejected, isCdromDue, otherCdroms, requireSharedMedium } from './cdrom.js';
import { checkedSpec, specOfSizes } from './vm-spec.js';

const IMAGE = '0196f5a0-0000-7000-8000-0000000000b1';
const WANT = { imageId: IMAGE };
const SIZES = { vcpus: 1, maxVcpus: 1, memoryMib: 128, maxMemoryMib: 128 };

describe('the CD drive of a VM', () => {
  it('is no word of a spec until there is one, and stays through every change from then on', () => {
    expect('cdrom' in checkedSpec(specOfSizes(SIZES))).toBe(false);
    expect(checkedSpec({ ...specOfSizes(SIZES), cdrom: WANT }).cdrom).toEqual(WANT);
    expect(ejected(undefined)).toBeUndefined();
    expect(ejected(WANT)).toEqual({ imageId: null });
    expect(cdromAfter(undefined, WANT)).toEqual(WANT);
    // A revision of before it had one.
    expect(cdromAfter(WANT, undefined)).toEqual({ imageId: null });
  });

  it('is made in a definition that lacks it, and never in what runs', () => {
    const have = { definition: 'NO_DRIVE', live: 'NO_DRIVE' } as const;
    expect(isCdromDue({ want: WANT, have }, 'definition')).toBe(true);
    expect(isCdromDue({ want: WANT, have }, 'live')).toBe(false);
  });

  it('is due where it holds something else, and drift there', () => {
    const cdrom = { want: WANT, have: { definition: 'AS_ASKED', live: 'OTHER' } } as const;
    expect([isCdromDue(cdrom, 'definition'), isCdromDue(cdrom, 'live')]).toEqual([false, true]);
    expect(otherCdroms(cdrom)).toEqual(['live']);
    expect(otherCdroms(null)).toEqual([]);
  });

  it('is asked of an agent that is too old for a medium alone', () => {
    expect(isCdromDue({ want: WANT, have: null }, 'live')).toBe(true);
    expect(isCdromDue({ want: { imageId: null }, have: null }, 'live')).toBe(false);
    expect(otherCdroms({ want: WANT, have: null })).toEqual([]);
  });

  it('takes no medium of one department into another', () => {
    expect(() => requireSharedMedium({ id: IMAGE, departmentId: IMAGE })).toThrow(
      expect.objectContaining({ code: 'CDROM_NOT_SHARED' }),
    );
    for (const medium of [null, { id: IMAGE, departmentId: null }])
      expect(() => {
        requireSharedMedium(medium);
      }).not.toThrow();
  });
});
