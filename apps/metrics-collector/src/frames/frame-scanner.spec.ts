import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FRAME_LIMITS, scanFrame } from './frame-scanner.js';

const scan = (text: string) => scanFrame(Buffer.from(text));
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe(scanFrame.name, () => {
  it('refuses what is deeper than 16, a bomb of 30,000 brackets included', () => {
    expect(scan(nested(FRAME_LIMITS.depth))).toBeUndefined();
    expect(scan(nested(FRAME_LIMITS.depth + 1))).toBe('too_deep');
    expect(scan('{"a":'.repeat(17) + '1' + '}'.repeat(17))).toBe('too_deep');
    expect(scan('['.repeat(30_000))).toBe('too_deep');
  });

  it('bounds keys, items and values', () => {
    const object = (keys: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 1])));
    expect(scan(object(FRAME_LIMITS.keysPerObject))).toBeUndefined();
    expect(scan(object(FRAME_LIMITS.keysPerObject + 1))).toBe('too_many_values');
    const array = (items: number): string => JSON.stringify(Array.from({ length: items }, () => 1));
    expect(scan(array(FRAME_LIMITS.itemsPerArray))).toBeUndefined();
    expect(scan(array(FRAME_LIMITS.itemsPerArray + 1))).toBe('too_many_values');
    expect(scan(`[${Array.from({ length: 80 }, () => array(1_000)).join(',')}]`)).toBe('too_many_values');
  });

  it.each([
    '{"__proto__":{"a":1}}',
    '{"a":{"constructor":1}}',
    '{"a":[{"prototype":1}]}',
    String.raw`{"\u005f_proto__":1}`,
    '{"a":1, "__proto__" : 2}',
  ])('refuses %s', (text) => {
    expect(scan(text)).toBe('forbidden_key');
  });

  it('looks at keys only: the same words and brackets are allowed in values', () => {
    expect(
      scan(JSON.stringify({ a: '__proto__', b: ['constructor', '{[{[{["'], c: String.raw`\u005f`, d: '"\\' })),
    ).toBeUndefined();
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        scanFrame(Buffer.from(bytes));
      }),
    );
  });
});
