import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashInput } from './idempotency.js';

describe(hashInput.name, () => {
  it.each([
    ['null and left out', { a: 1, cidr: null }, { a: 1 }],
    ['undefined and left out', { a: 1, cidr: undefined }, { a: 1 }],
    ['null and left out, further in', { a: { b: null, c: [{ d: null }] } }, { a: { c: [{}] } }],
    ['the order of keys', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    [
      'a number that JSON has no word for and left out',
      { a: { b: Number.POSITIVE_INFINITY }, c: Number.NaN },
      { a: {} },
    ],
    ['a date that is none and left out', { at: new Date(Number.NaN) }, {}],
    ['-0 and 0', { a: -0 }, { a: 0 }],
    ['normal forms of a text', { name: 'Caf\u00e9' }, { name: 'Cafe\u0301' }],
    ['normal forms of a key', { 'Caf\u00e9': 1 }, { 'Cafe\u0301': 1 }],
    ['a date and its text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
  ])('is the same for %s', (_case, one, other) => {
    expect(hashInput(one)).toBe(hashInput(other));
  });

  it.each([
    ['an empty text and null', { a: '' }, { a: null }],
    ['0 and null', { a: 0 }, { a: null }],
    ['false and left out', { a: false }, {}],
    ['an empty list and left out', { a: [] }, {}],
    ['a number and its text', { a: 1 }, { a: '1' }],
    ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
    ['null in a list', { a: [null, 1] }, { a: [1] }],
    ['keys that look like syntax', { 'a":1,"b': 1 }, { a: 1, b: 1 }],
    ['letters that only look alike', { name: 'a' }, { name: 'а' }],
  ])('differs for %s', (_case, one, other) => {
    expect(hashInput(one)).not.toBe(hashInput(other));
  });

  it('is the same for any input and what JSON makes of it', () => {
    fc.assert(
      fc.property(fc.object({ withNullPrototype: false }), (input) => {
        expect(hashInput(JSON.parse(JSON.stringify(input)))).toBe(hashInput(input));
      }),
      { numRuns: 1_000 },
    );
  });
});
