import { isBuiltin } from 'node:module';
import ts from 'typescript';

import type { TextFile } from './tracked-files.ts';

const SOURCE = /\.(?:[cm]?[jt]s)$/u;
const RESOLVED = /\b(?:require|import\.meta|createRequire\(import\.meta\.url\))\.resolve\('([^']+)'/gu;

/** The npm package of a module's name; undefined for our own files and what Node brings along. */
export function packageOf(specifier: string): string | undefined {
  if (isBuiltin(specifier) || !/^(?:@[a-z\d-]+\/)?[a-z\d]/u.test(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Packages that a source text imports, types included: TypeScript's own reading, so texts and comments don't count. */
export function importedPackages({ text }: TextFile): readonly string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const resolved = [...text.matchAll(RESOLVED)].map((match) => match[1] ?? '');
  return [...importedFiles.map(({ fileName }) => fileName), ...resolved].flatMap((name) => packageOf(name) ?? []);
}

/** Each imported package with one of the files that import it. */
export function importers(files: readonly TextFile[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of files.filter(({ file }) => SOURCE.test(file)))
    for (const name of importedPackages(one)) if (!found.has(name)) found.set(name, one.file);
  return found;
}
