import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';

export interface TextFile {
  /** Path below the repository's root. */
  readonly file: string;
  readonly text: string;
}

const MAX_BYTES = 2 * 1024 * 1024;

/** Paths that git tracks or would add, without those that are gone. */
export function trackedFiles(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return listed.split('\0').filter((file) => file !== '' && existsSync(path.join(repositoryRoot, file)));
}

/** The text of every tracked file that has one; links, binary and very large files are left out. */
export function trackedTexts(): readonly TextFile[] {
  return trackedFiles().flatMap((file) => {
    const stat = lstatSync(path.join(repositoryRoot, file));
    if (!stat.isFile() || stat.size > MAX_BYTES) return [];
    const content = readFileSync(path.join(repositoryRoot, file));
    return content.includes(0) ? [] : [{ file, text: content.toString('utf8') }];
  });
}
