import { describe, expect, it } from '@jest/globals';

import { COPY_LINES, COPY_TOKENS, copiedPercent, copiesOf } from './copies.ts';
import type { SourceFile } from './source-files.ts';

const file = (name: string, ...lines: readonly string[]): SourceFile => ({
  file: name,
  text: lines.join('\n'),
  lines: lines.length,
});

/** Lines with eight tokens each, none like another. */
const block = (word: string, lines: number): readonly string[] =>
  Array.from({ length: lines }, (_, n) => `${word}${String(n)}(a, b + c);`);

const LONG = Math.ceil(COPY_TOKENS / 8) + 2;

describe(copiesOf, () => {
  it('finds a block that stands in two files, once and as long as it is', () => {
    const files = [
      file('a.ts', ...block('own', 5), ...block('same', LONG), ...block('end', 9)),
      file('b.ts', ...block('same', LONG), ...block('other', 20)),
    ];
    expect(copiesOf(files)).toEqual([{ first: 'a.ts:6', again: 'b.ts:1', lines: LONG }]);
    expect(copiedPercent(copiesOf(files), files)).toBe(Math.ceil((1000 * LONG) / (14 + LONG + LONG + 20)) / 10);
  });

  it('finds one in the same file', () => {
    const files = [file('a.ts', ...block('same', LONG), ...block('own', 3), ...block('same', LONG))];
    expect(copiesOf(files)).toEqual([{ first: 'a.ts:1', again: `a.ts:${String(LONG + 4)}`, lines: LONG }]);
  });

  it('counts each repetition', () => {
    const files = ['a.ts', 'b.ts', 'c.ts'].map((name) => file(name, ...block('same', LONG)));
    expect(copiesOf(files).map(({ again }) => again)).toEqual(['b.ts:1', 'c.ts:1']);
  });

  it('sees it under another layout and other comments', () => {
    const files = [
      file('a.ts', ...block('same', LONG)),
      file('b.ts', ...block('same', LONG).flatMap((line) => ['// says something else', `    ${line}`])),
    ];
    expect(copiesOf(files)).toHaveLength(1);
  });

  it('passes over short ones, lists of imports, and what differs in a word', () => {
    const imports = ['import {', ...Array.from({ length: 60 }, (_, n) => `  name${String(n)},`), "} from 'pg';"];
    const short = block('same', COPY_LINES);
    expect(copiesOf([file('a.ts', ...short), file('b.ts', ...short)])).toEqual([]);
    expect(copiesOf([file('a.ts', ...imports), file('b.ts', ...imports)])).toEqual([]);
    expect(copiesOf([file('a.ts', ...block('same', LONG)), file('b.ts', ...block('other', LONG))])).toEqual([]);
    const dense = [block('same', LONG).join(' ')];
    expect(copiesOf([file('a.ts', ...dense), file('b.ts', ...dense)])).toEqual([]);
  });
});
