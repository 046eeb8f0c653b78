import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldText, searchTextOf, substringsOf, substringsToFind } from './vm-search.js';

/** As SQL does it: the numbers narrow, the text decides. */
const finds = (text: string, asked: string): boolean => {
  const known = new Set(substringsOf(text));
  return substringsToFind(asked).every((number) => known.has(number)) && text.includes(asked);
};

describe('text filters of VMs', () => {
  it.each([
    ['web-1', 'Front of the shop', 'WEB'],
    ['web-1', 'Front of the shop', 'front OF'],
    ['web-1', 'Front of the shop', 'b-1'],
    ['web-1', 'Front of the shop', 'p'],
    ['web-1', 'Straße', 'STRASSE'],
    ['web-1', 'ΟΔΟΣΑ', 'οδος'],
    ['web-1', 'ﬁle server', 'File'],
    ['web-1', 'Cafe\u0301', 'CAFÉ'],
    ['web-1', '東京の店', '京の'],
    ['web-1', '100%_done\\', '%_'],
    ['web-1', 'ends with \u{1F680}', '\u{1F680}'],
  ])('of %s, "%s", find "%s"', (name, description, asked) => {
    expect(finds(searchTextOf(name, description), foldText(asked))).toBe(true);
  });

  it.each([
    ['web-1', 'Front', 'shop'],
    ['web-1', 'Front', '1front'],
    ['web-1', 'Front', '1 front'],
    ['ab-c', 'abd', 'abc'],
    ['web-1', '', 'web-12'],
  ])('of %s, "%s", do not find "%s"', (name, description, asked) => {
    expect(finds(searchTextOf(name, description), foldText(asked))).toBe(false);
  });

  it('find every part of every text', () => {
    const parts = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(parts, parts, parts, (before, asked, after) => {
        const known = new Set(substringsOf(before + asked + after));
        expect(substringsToFind(asked).every((number) => known.has(number))).toBe(true);
      }),
    );
  });

  it('know a text by numbers that PostgreSQL takes for integers, each once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const numbers = substringsOf(text);
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 31)).toBe(true);
      }),
    );
  });

  it('ask for as many substrings as the text has of the longest kind', () => {
    expect(substringsToFind('abcd')).toHaveLength(2);
    expect(substringsToFind('ab')).toHaveLength(1);
    expect(substringsToFind('a')).toHaveLength(1);
    expect(substringsToFind('aaaaaa')).toHaveLength(1);
    expect(substringsToFind('')).toEqual([0]);
  });
});
