import { describe, expect, it } from '@jest/globals';
import { areFurtherPools, furtherPoolsIn } from './further-pools.js';

describe('further pools of a host', () => {
  it('are names with folders', () => {
    expect(furtherPoolsIn('')).toEqual([]);
    expect(furtherPoolsIn(' fast=/mnt/fast/ , slow=/mnt/a=b,')).toEqual([
      { name: 'fast', path: '/mnt/fast' },
      { name: 'slow', path: '/mnt/a=b' },
    ]);
    for (const text of ['', 'fast=/mnt/fast', 'fast=/mnt/fast,slow=/mnt/slow'])
      expect(areFurtherPools(text)).toBe(true);
  });

  it.each([
    ['no name', '/mnt/fast'],
    ['a name that is none', 'Fast=/mnt/fast'],
    ['the name of the one that every host has', 'default=/mnt/fast'],
    ['a path that is not absolute', 'fast=mnt'],
    ['a name twice', 'fast=/mnt/a,fast=/mnt/b'],
    ['a folder twice', 'fast=/mnt/a,slow=/mnt/a/'],
    ['more than a report has room for', Array.from({ length: 64 }, (_, index) => `p${index}=/p${index}`).join(',')],
  ])('are not %s', (_, text) => {
    expect(areFurtherPools(text)).toBe(false);
  });
});
