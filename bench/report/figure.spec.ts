import { describe, expect, it } from '@jest/globals';

import { boundedFigure, median, quantile, ratioFigure } from './figure.ts';

describe('figures', () => {
  it('hold the ratio against the goal, not the value', () => {
    const slow = { value: 30, unit: 'us', reference: 'C', referenceValue: 10, goal: '<= 2' };
    expect(ratioFigure('B1', slow)).toMatchObject({ ratio: 3, ok: false });
    expect(ratioFigure('B1', { ...slow, value: 20 })).toMatchObject({ ratio: 2, ok: true });
    expect(ratioFigure('B4', { ...slow, value: 8, goal: '>= 0.9' })).toMatchObject({ ratio: 0.8, ok: false });
  });

  it('hold a value without a reference against the goal itself', () => {
    expect(boundedFigure('E3', 0, 'events', '= 0').ok).toBe(true);
    expect(boundedFigure('E3', 1, 'events', '= 0').ok).toBe(false);
  });

  it('refuse a goal that cannot be read', () => {
    expect(() => boundedFigure('x', 1, 'ms', 'fast')).toThrow('not a goal: fast');
  });
});

describe('medians and quantiles', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[7], 7],
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('p99 of 1 to 1000 is 990', () => {
    expect(
      quantile(
        Array.from({ length: 1000 }, (_, i) => i + 1),
        0.99,
      ),
    ).toBe(990);
  });

  it('nothing has no quantile', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
