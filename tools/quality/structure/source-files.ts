import ts from 'typescript';

import type { TextFile } from '../tracked-files.ts';

const SPEC = /\.(?:int-|e2e-)?spec\.ts$/u;
const SUPPORT = /\.fixture\.ts$|\/src\/testing\/|^(?:apps|native)\/[^/]+\/(?:tools|test)\/|^libs\/testing\//u;
const GENERATED = /\/generated\/|\.d\.ts$/u;
const TYPESCRIPT = /^(?:apps|libs|native|tools)\/.*\.ts$/u;

export interface SourceFile extends TextFile {
  /** Without the empty end of the last line. */
  readonly lines: number;
}

export interface Tree {
  /** Hand-written TypeScript that is no test. */
  readonly sources: readonly SourceFile[];
  readonly specs: readonly SourceFile[];
  readonly rust: readonly SourceFile[];
}

export const isTest = (file: string): boolean => SPEC.test(file) || SUPPORT.test(file);

export const isGenerated = (file: string): boolean => GENERATED.test(file);

/** What tests use and what is generated counts as neither source nor spec. */
export function treeOf(texts: readonly TextFile[]): Tree {
  const files = texts
    .filter(({ file }) => !isGenerated(file))
    .map((one) => ({ ...one, lines: one.text.trimEnd().split('\n').length }));
  const typescript = files.filter(({ file }) => TYPESCRIPT.test(file));
  return {
    sources: typescript.filter(({ file }) => !isTest(file)),
    specs: typescript.filter(({ file }) => SPEC.test(file)),
    rust: files.filter(({ file }) => /^native\/.*\.rs$/u.test(file)),
  };
}

/** The name of the app that a file belongs to. */
export const appOf = (file: string): string | undefined => /^apps\/([^/]+)\//u.exec(file)?.[1];

/** Names of the apps of a tree, sorted. */
export const appsOf = ({ sources }: Tree): readonly string[] =>
  [...new Set(sources.flatMap(({ file }) => appOf(file) ?? []))].sort();

/** What a file imports and exports from, as it is written. */
export const specifiersOf = (text: string): readonly string[] =>
  ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
