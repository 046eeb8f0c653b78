import { describe, expect, it } from '@jest/globals';
import { DisplayName } from './scalars.js';
import { nameKey } from './visible-text.js';

describe('DisplayName', () => {
  it.each([
    ['Café', 'Cafe\u0301'],
    ['Café', '  Café '],
    ['Å', '\u212B'],
  ])('keeps %j for %j', (kept, typed) => {
    expect(DisplayName.parse(typed)).toBe(kept.normalize('NFC'));
  });

  it.each(['Straße 7', 'Отдел', '部門', 'قسم', 'Team ❤️', "O'Brien & Sons <dev>", '🚀', 'e\u0301', 'A\u00A0B'])(
    'takes %j',
    (name) => {
      expect(DisplayName.parse(name)).toBe(name.normalize('NFC'));
    },
  );

  const unseen: readonly (readonly [string, string])[] = [
    ['a direction override', 'a\u202Eb'],
    ['an isolate', 'a\u2066b\u2069'],
    ['a mark of direction', 'a\u200Fb'],
    ['zero width space', 'a\u200Bb'],
    ['zero width joiner', 'a\u200Db'],
    ['word joiner', 'a\u2060b'],
    ['a byte order mark inside', 'a\uFEFFb'],
    ['a soft hyphen', 'a\u00ADb'],
    ['a tag character', 'a\u{E0041}b'],
    ['a variation selector on a letter', 'a\uFE0Fb'],
    ['a Hangul filler', '\u3164'],
    ['an empty Braille pattern', '\u2800'],
    ['a grapheme joiner', 'a\u034Fb'],
    ['a line feed', 'a\nb'],
    ['an escape', 'a\u001B[31mb'],
    ['a C1 control', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['a lone surrogate', 'a\uD800b'],
    ['a private code point', 'a\uE000b'],
    ['a noncharacter', 'a\uFFFEb'],
    ['an unassigned code point', 'a\u0378b'],
    ['only spaces', ' \u00A0\u3000 '],
    ['only combining marks', '\u0301\u0301'],
    ['nothing', ''],
  ];
  it.each(unseen)('refuses %s', (_what, name) => {
    expect(DisplayName.safeParse(name).success).toBe(false);
  });

  it('counts characters as they are kept', () => {
    expect(DisplayName.safeParse('e\u0301'.repeat(120)).success).toBe(true);
    expect(DisplayName.safeParse('é'.repeat(121)).success).toBe(false);
  });
});

describe(nameKey, () => {
  it.each([
    ['Café', 'CAFE\u0301'],
    ['Straße', 'STRASSE'],
    ['STRAẞE', 'STRASSE'],
    ['Ｏｐｓ', 'ops'],
    ['ﬁnance', 'Finance'],
    ['A\u00A0B', 'a b'],
    ['a  b', 'a b'],
    ['ΟΔΟΣ', 'οδος'],
    ['Team ❤️', 'team ❤'],
    ['\u212Aelvin', 'kelvin'],
  ])('is one for %j and %j', (one, other) => {
    expect(nameKey(one)).toBe(nameKey(other));
  });

  it('keeps different names apart', () => {
    expect(new Set(['Cafe', 'Café', 'Caf', 'Office 1', 'Office 2'].map(nameKey)).size).toBe(5);
  });
});
