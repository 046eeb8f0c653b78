import { describe, expect, it } from '@jest/globals';

import { limitOfStep, WHOLE_RUN_MINUTES } from './time-budget.ts';

const MINUTE = 60_000;

describe(limitOfStep, () => {
  it('grows with the slowness of the machine', () => {
    expect(limitOfStep(10, [], { slowness: 1, elapsedMs: 0 })).toBe(10 * MINUTE);
    expect(limitOfStep(10, [], { slowness: 2.5, elapsedMs: 0 })).toBe(25 * MINUTE);
  });

  it('leaves a part to the steps behind, and never takes the run past its end', () => {
    expect(limitOfStep(30, [20], { slowness: 8, elapsedMs: 0 })).toBe((WHOLE_RUN_MINUTES - 5) * MINUTE);
    expect(limitOfStep(30, [], { slowness: 1, elapsedMs: (WHOLE_RUN_MINUTES - 7) * MINUTE })).toBe(7 * MINUTE);
  });

  it('gives a step a minute at least, so that it says something', () => {
    expect(limitOfStep(30, [20], { slowness: 1, elapsedMs: 2 * WHOLE_RUN_MINUTES * MINUTE })).toBe(MINUTE);
  });
});
