import { describe, expect, it } from '@jest/globals';

import { NOTHING } from './counts.ts';
import { STEPS, stages, type Step } from './steps.ts';

const step = (name: string, beside = false): Step => ({
  name,
  description: name,
  beside,
  run: () => Promise.resolve(NOTHING),
});

const names = (steps: readonly Step[]): string[] =>
  stages(steps).map(({ alone, beside }) =>
    [alone, beside].map((some) => some.map(({ name }) => name).join('+')).join('|'),
  );

describe(stages, () => {
  it('lets a step run beside those before it, and begins anew behind it', () => {
    expect(names([step('a'), step('b'), step('c', true), step('d', true), step('e'), step('f')])).toEqual([
      'a+b|c+d',
      'e+f|',
    ]);
    expect(names([step('c', true), step('e')])).toEqual(['|c', 'e|']);
    expect(names([])).toEqual([]);
  });

  it('leaves no step out and runs none twice', () => {
    const ran = stages(STEPS).flatMap(({ alone, beside }) => [...alone, ...beside]);
    expect(new Set(ran)).toEqual(new Set(STEPS));
    expect(ran).toHaveLength(STEPS.length);
  });
});
