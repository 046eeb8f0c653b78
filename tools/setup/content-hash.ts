import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';

const SKIPPED = new Set([
  'node_modules',
  'dist',
  'target',
  'generated',
  '.git',
  '.infinibay',
  '.toolchain',
  'coverage',
]);

/** Every file below the given paths (files or folders), sorted; build results and dependencies are left out. */
export function filesBelow(paths: readonly string[], accept: (file: string) => boolean = () => true): string[] {
  const found: string[] = [];
  const visit = (entry: string): void => {
    const stat = statSync(entry, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(entry)) if (!SKIPPED.has(name)) visit(path.join(entry, name));
    } else if (stat.isFile() && accept(entry)) {
      found.push(entry);
    }
  };
  for (const entry of paths) visit(entry);
  return found.sort();
}

/** Names inside the checkout are relative to it: a checkout that was moved has built everything already. */
const nameIn = (base: string, file: string): string =>
  file.startsWith(base + path.sep) ? path.relative(base, file) : file;

/**
 * SHA-256 over names and contents: changes when any file is added, removed, renamed or edited.
 * @param base the folder that may be moved without a change of the hash
 */
export function hashOfFiles(files: readonly string[], salt = '', base = path.resolve(repositoryRoot)): string {
  const hash = createHash('sha256').update(salt);
  for (const file of files) hash.update(`\0${nameIn(base, file)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** A file that remembers from which inputs something was made. */
export interface Stamp {
  readonly matches: (hash: string) => boolean;
  readonly write: (hash: string) => void;
}

export function stampAt(file: string): Stamp {
  return {
    matches: (hash) => existsSync(file) && readFileSync(file, 'utf8') === hash,
    write: (hash) => {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, hash);
    },
  };
}
