import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

import { repositoryRoot } from '../stack/layout.ts';
import { importedPackages, importers, packageOf } from './declared-packages.ts';
import { trackedTexts } from './tracked-files.ts';
import { USED_BY_NAME } from './used-by-name.ts';

const Manifest = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

const texts = trackedTexts();
const manifests = texts
  .filter(({ file }) => path.posix.basename(file) === 'package.json')
  .map(({ text }) => Manifest.parse(JSON.parse(text)));
const root = Manifest.parse(JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')));
const declared = Object.keys({ ...root.dependencies, ...root.devDependencies });
const ours = manifests.map(({ name }) => name);
const imported = importers(texts.filter(({ file }) => !file.includes('/fixtures/')));

describe('the packages of package.json', () => {
  it('are all imported, or used by name for a stated reason', () => {
    expect(declared.filter((name) => !imported.has(name) && !(name in USED_BY_NAME))).toEqual([]);
  });

  it('hold everything that is imported', () => {
    const missing = [...imported].filter(([name]) => !declared.includes(name) && !ours.includes(name));
    expect(missing).toEqual([]);
  });

  it('need each reason: it is declared, and nothing imports it', () => {
    expect(Object.keys(USED_BY_NAME).filter((name) => !declared.includes(name) || imported.has(name))).toEqual([]);
  });

  it('are declared by nobody else: one version for the whole repository', () => {
    const names = manifests
      .filter(({ name }) => name !== root.name)
      .flatMap((one) => Object.keys({ ...one.dependencies, ...one.devDependencies }));
    expect(names.filter((name) => !ours.includes(name))).toEqual([]);
  });
});

describe('the reading of imports', () => {
  it.each([
    ['@nats-io/kv/lib/x.js', '@nats-io/kv'],
    ['pg/lib/client', 'pg'],
    ['./pg.js', undefined],
    ['node:net', undefined],
    ['fs/promises', undefined],
  ])('takes %s as %s', (specifier, name) => {
    expect(packageOf(specifier)).toBe(name);
  });

  it('sees every form of an import, and no text that looks like one', () => {
    const text = `
      import 'one';
      import type { Two } from '@two/types';
      export * from 'three/sub';
      const four = await import('four');
      const five = require('five');
      // import 'six';
      const seven = "import 'seven'";
      type Eight = import('eight').Eight;
      require.resolve(«nine/package.json»);
    `.replace(/[«»]/gu, "'");
    expect([...importedPackages({ file: 'x.ts', text })].sort()).toEqual(
      ['one', '@two/types', 'three', 'four', 'five', 'eight', 'nine'].sort(),
    );
  });
});
