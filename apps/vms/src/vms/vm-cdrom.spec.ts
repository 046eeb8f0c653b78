import { describe, expect, it } from '@jest/globals';
import { cdromColumns, cdromOf, isCdromPending } from './vm-cdrom.js';

const IMAGE = '0196f5a0-0000-7000-8000-0000000000b1';

describe('the CD drive of a row', () => {
  it('is there or not, and holds an image or none', () => {
    expect(cdromOf({ hasCdrom: false, cdromImageId: null })).toBeUndefined();
    for (const cdrom of [undefined, { imageId: null }, { imageId: IMAGE }])
      expect(cdromOf(cdromColumns(cdrom))).toEqual(cdrom);
  });

  it('waits for a restart only where what runs was made without it', () => {
    const row = { hasCdrom: true, definedCdrom: false, savedAt: null, state: 'RUNNING' } as const;
    expect(isCdromPending(row)).toBe(true);
    expect(isCdromPending({ ...row, definedCdrom: true })).toBe(false);
    expect(isCdromPending({ ...row, hasCdrom: false })).toBe(false);
    expect(isCdromPending({ ...row, state: 'STOPPED' })).toBe(false);
    expect(isCdromPending({ ...row, state: 'STOPPED', savedAt: new Date(0) })).toBe(true);
  });
});
