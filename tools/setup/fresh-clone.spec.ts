import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Everything that a program imports, directly or through our own files, that is not our own file. */
function foreignImports(entry: string, seen = new Set<string>()): string[] {
  if (seen.has(entry)) return [];
  seen.add(entry);
  const specifiers = [
    ...readFileSync(entry, 'utf8').matchAll(/^(?:import|export)\s(?!type\b)[^;]*?from '([^']+)'/gmu),
  ].map((match) => match[1] ?? '');
  return specifiers.flatMap((name) =>
    name.startsWith('.')
      ? foreignImports(path.resolve(path.dirname(entry), name), seen)
      : [`${path.relative(root, entry)}: ${name}`],
  );
}

describe('setup on a fresh clone, before npm ci', () => {
  it.each(['setup/main.ts', 'run.mjs'])('tools/%s needs nothing but Node itself', (entry) => {
    expect(foreignImports(path.join(root, entry)).filter((line) => !line.includes(': node:'))).toEqual([]);
  });
});
