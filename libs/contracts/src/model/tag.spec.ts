import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_TAG_LENGTH, Tag, Tags } from './tag.js';

describe('Tag', () => {
  it.each(['web', 'env:prod', 'cost-center=4711', 'a', '7', 'team/web', 'ops@night', 'c++', '東京', 'हिन्दी'])(
    'takes %s as it is',
    (tag) => {
      expect(Tag.parse(tag)).toBe(tag.normalize('NFKC'));
    },
  );

  it.each([
    ['Prod', 'prod'],
    ['  web ', 'web'],
    ['\uFF50\uFF52\uFF4F\uFF44', 'prod'],
    ['Cafe\u0301', 'café'],
    ['STRASSE', 'strasse'],
    ['größe', 'grösse'],
    ['GRÖẞE', 'grösse'],
  ])('keeps %j as %s', (given, kept) => {
    expect(Tag.parse(given)).toBe(kept);
  });

  it.each([
    ['nothing', ''],
    ['spaces alone', '   '],
    ['a space inside', 'a b'],
    ['another beginning than a letter or digit', '-a'],
    ['a combining mark alone', '\u0301'],
    ['65 characters', 'x'.repeat(MAX_TAG_LENGTH + 1)],
    ['10 kB', 'x'.repeat(10_240)],
    ['what grows beyond 64 characters in its one form', '\uFDFA'.repeat(20)],
    ['a direction override', 'a\u202Eb'],
    ['a zero-width space', 'a\u200Bb'],
    ['a soft hyphen', 'a\u00ADb'],
    ['a null character', 'a\u0000b'],
    ['a line feed', 'a\nb'],
    ['a lone surrogate', 'a\uD800b'],
    ['a filler', '\u3164'],
    ['a comma', 'a,b'],
    ['a quotation mark', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a percent sign', 'a%b'],
    ['an emoji', '🚀'],
  ])('refuses %s', (_what, text) => {
    expect(Tag.safeParse(text).success).toBe(false);
  });

  it('gives the same when it is given its own result, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        const once = Tag.safeParse(text);
        fc.pre(once.success);
        expect(Tag.parse(once.data)).toBe(once.data);
        expect(Tag.parse(once.data?.toUpperCase())).toBe(once.data);
      }),
    );
  });
});

describe('Tags', () => {
  it('are each once and in order', () => {
    expect(Tags.parse(['b', 'A', 'a', 'B ', 'c'])).toEqual(['a', 'b', 'c']);
  });

  it('are 32 at most, before the same ones are taken together', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
    expect(Tags.parse(many(32))).toHaveLength(32);
    expect(Tags.safeParse(many(33)).success).toBe(false);
    expect(Tags.safeParse(Array.from({ length: 1_000 }, () => 'a')).success).toBe(false);
  });
});
