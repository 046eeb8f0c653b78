import { describe, expect, it } from '@jest/globals';
import { idempotencyKeyIn } from './idempotency-key.js';

describe(idempotencyKeyIn, () => {
  it.each([
    [undefined, undefined],
    ['8e03978e-40d5', '8e03978e-40d5'],
    ['"8e03978e-40d5"', '8e03978e-40d5'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['""', ''],
    ['', ''],
    ['"half', '"half'],
    [String.raw`"a\b"`, String.raw`"a\b"`],
    [['twice'], undefined],
  ])('reads %j as %j', (header, key) => {
    expect(idempotencyKeyIn(header)).toBe(key);
  });

  it('takes a header of 16 kB for no key that there can be', () => {
    expect(idempotencyKeyIn('x'.repeat(16_000))?.length).toBeGreaterThan(128);
  });
});
