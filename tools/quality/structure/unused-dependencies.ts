import path from 'node:path';
import { z } from 'zod';

import { importedPackages } from '../declared-packages.ts';
import type { TextFile } from '../tracked-files.ts';

const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

const SOURCE = /\.[cm]?[jt]s$/u;

/**
 * `<package.json>: <package>` of what a manifest declares and no file below its folder imports. The allowed ones are used
 * by name (`usedByName`); a package of ours that another declares too is no excuse.
 */
export function unusedDependencies(
  texts: readonly TextFile[],
  usedByName: Readonly<Record<string, string>>,
): readonly string[] {
  const imports = texts
    .filter(({ file }) => SOURCE.test(file) && !file.includes('/fixtures/'))
    .map((one) => ({ file: one.file, packages: importedPackages(one) }));
  return texts
    .filter(({ file }) => path.posix.basename(file) === 'package.json' && !file.includes('/fixtures/'))
    .flatMap(({ file, text }) => {
      const { dependencies, devDependencies } = Manifest.parse(JSON.parse(text));
      const folder = file.slice(0, -'package.json'.length);
      const used = new Set(imports.filter((one) => one.file.startsWith(folder)).flatMap(({ packages }) => packages));
      return Object.keys({ ...dependencies, ...devDependencies })
        .filter((name) => !used.has(name) && !Object.hasOwn(usedByName, name))
        .map((name) => `${file}: ${name}`);
    });
}
