import type { SourceFile } from './source-files.ts';

/** So many equal words and signs in a row, over at least so many lines, are a copy. */
export const COPY_TOKENS = 70;
export const COPY_LINES = 6;

export interface Copy {
  /** File and line where it stands first. */
  readonly first: string;
  readonly again: string;
  readonly lines: number;
}

interface Token {
  readonly text: string;
  readonly file: number;
  readonly line: number;
}

const COMMENT_LINE = /^\s*(?:\/\/|\/?\*)/u;
const MAX_INT = 0x7fffffff;

/** Words and signs without comments and imports: lists of imports are alike by nature. */
function tokensOf(text: string, file: number): readonly Token[] {
  const blank = (match: string): string => match.replace(/[^\n]/gu, '');
  return text
    .replace(/^import\b[^;]*;$/gmu, blank)
    .split('\n')
    .flatMap((line, index) =>
      COMMENT_LINE.test(line)
        ? []
        : (line.match(/[\w$]+|[^\s\w$]/gu) ?? []).map((word) => ({ text: word, file, line: index + 1 })),
    );
}

/** A hash of each run of {@link COPY_TOKENS} tokens, by the place where it begins. */
function* runs(tokens: readonly Token[]): Generator<readonly [hash: number, at: number]> {
  const numbers = new Map<string, number>();
  const ids = tokens.map(({ text }) => {
    const id = numbers.get(text) ?? numbers.size + 1;
    numbers.set(text, id);
    return id;
  });
  let leaving = 1;
  for (let n = 1; n < COPY_TOKENS; n += 1) leaving = Math.imul(leaving, 31_337);
  let hash = 0;
  for (const [at, id] of ids.entries()) {
    if (at >= COPY_TOKENS) hash -= Math.imul(ids[at - COPY_TOKENS] ?? 0, leaving);
    hash = Math.imul(hash, 31_337) + id;
    if (at >= COPY_TOKENS - 1) yield [hash & MAX_INT, at - COPY_TOKENS + 1];
  }
}

/** How many tokens from two places on are equal, within a file each and without overlap. */
function equalTokens(tokens: readonly Token[], first: number, again: number): number {
  const same = (n: number): boolean => {
    const [a, b] = [tokens[first + n], tokens[again + n]];
    return a?.text === b?.text && a?.file === tokens[first]?.file && b?.file === tokens[again]?.file;
  };
  let length = 0;
  while (again + length < tokens.length && first + length < again && same(length)) length += 1;
  return length;
}

/** Blocks that stand somewhere before, each once and as long as it goes. */
export function copiesOf(files: readonly SourceFile[]): readonly Copy[] {
  const tokens = files.flatMap(({ text }, index) => tokensOf(text, index));
  const place = (at: number): string => `${files[tokens[at]?.file ?? 0]?.file ?? ''}:${String(tokens[at]?.line ?? 0)}`;
  const known = new Map<number, number>();
  const copies: Copy[] = [];
  let behind = 0;
  for (const [hash, at] of runs(tokens)) {
    if (at < behind) continue;
    const first = known.get(hash);
    const length = first === undefined ? 0 : equalTokens(tokens, first, at);
    if (first === undefined) known.set(hash, at);
    if (first === undefined || length < COPY_TOKENS) continue;
    const lines = (tokens[at + length - 1]?.line ?? 0) - (tokens[at]?.line ?? 0) + 1;
    if (lines < COPY_LINES) continue;
    copies.push({ first: place(first), again: place(at), lines });
    behind = at + length;
  }
  return copies;
}

/** Copied lines of a hundred, to a tenth. */
export function copiedPercent(copies: readonly Copy[], files: readonly SourceFile[]): number {
  const sum = (all: readonly { readonly lines: number }[]): number =>
    all.reduce((total, { lines }) => total + lines, 0);
  return Math.ceil((1000 * sum(copies)) / Math.max(1, sum(files))) / 10;
}
