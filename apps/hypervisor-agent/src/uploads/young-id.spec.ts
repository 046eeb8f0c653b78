import { describe, expect, it } from '@jest/globals';
import { isYoung } from './young-id.js';

const MADE_AT = 0x0196f5a00000;
const ID = '0196f5a0-0000-7000-8000-0000000000e1';

describe(isYoung, () => {
  it('knows what was made within ten minutes, by a clock that is ahead or behind', () => {
    const ages = [0, 599_999, -599_999, 600_000, -600_000];
    expect(ages.map((ageMs) => isYoung(ID, MADE_AT + ageMs))).toEqual([true, true, true, false, false]);
  });

  it('takes no id for young that has no time in it', () => {
    expect(isYoung(ID.replace('-7000-', '-4000-'), MADE_AT)).toBe(false);
  });
});
