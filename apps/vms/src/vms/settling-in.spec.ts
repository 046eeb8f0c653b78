import { describe, expect, it } from '@jest/globals';
import { canSettleIn } from './settling-in.js';

describe(canSettleIn, () => {
  it('is so of what a transfer left to be done, unless memory is saved with the card of then', () => {
    expect(canSettleIn({ toSettleIn: true, savedAt: null })).toBe(true);
    expect(canSettleIn({ toSettleIn: true, savedAt: new Date(0) })).toBe(false);
    expect(canSettleIn({ toSettleIn: false, savedAt: null })).toBe(false);
  });
});
