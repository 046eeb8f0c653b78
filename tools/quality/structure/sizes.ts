import ts from 'typescript';

import type { SourceFile } from './source-files.ts';

export interface Sized {
  /** The file, or the file and the line where a function begins. */
  readonly place: string;
  readonly lines: number;
}

export interface Sizes {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: Sized;
}

/** Nearest-rank percentiles, so that each is a size that occurs. */
export function sizesOf(all: readonly Sized[]): Sizes {
  const sorted = [...all].sort((a, b) => a.lines - b.lines);
  const at = (share: number): Sized =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? { place: '-', lines: 0 };
  return { count: sorted.length, median: at(0.5).lines, p95: at(0.95).lines, longest: at(1) };
}

/** Functions whose body has braces: an arrow that only holds an expression is part of its line. */
export function functionsOf({ file, text }: SourceFile): readonly Sized[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false);
  const found: Sized[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined && ts.isBlock(node.body)) {
      const first = lineOf(node.getStart(source));
      found.push({ place: `${file}:${String(first + 1)}`, lines: lineOf(node.end) - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export const filesOf = (files: readonly SourceFile[]): readonly Sized[] =>
  files.map(({ file, lines }) => ({ place: file, lines }));
