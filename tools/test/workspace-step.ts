import { readdirSync, readFileSync, existsSync } from 'node:fs';
import path from 'node:path';

import { repositoryRoot } from '../stack/layout.ts';
import { add, ONE_FAILED, ONE_PASSED, type Counts } from './counts.ts';
import { runProcess } from './run-process.ts';

/** Nx without its daemon and its cloud: everything it says comes from this checkout. */
const OFFLINE = { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false', NO_COLOR: '1' };

const FOLDERS = ['apps', 'libs', 'libs/platform', 'native'];

function expectedProjects(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(path.join(repositoryRoot, folder)).map((name) =>
      path.join(repositoryRoot, folder, name, 'package.json'),
    ),
  )
    .filter((file) => existsSync(file))
    .map((file) => String(Reflect.get(JSON.parse(readFileSync(file, 'utf8')) as object, 'name')));
}

async function projectsOf(args: readonly string[]): Promise<string[] | string> {
  const outcome = await runProcess(
    process.execPath,
    ['node_modules/nx/dist/bin/nx.js', 'show', 'projects', '--json', ...args],
    { environment: OFFLINE, timeoutMs: 120_000 },
  );
  const line = outcome.output.split('\n').find((text) => text.startsWith('['));
  if (outcome.code !== 0 || line === undefined) return outcome.abandoned ?? outcome.output;
  return (JSON.parse(line) as unknown[]).map(String);
}

function report(title: string, problem: string | undefined): Counts {
  if (problem === undefined) return ONE_PASSED;
  process.stdout.write(`${title}: ${problem}\n`);
  return ONE_FAILED;
}

async function graphIsComplete(): Promise<Counts> {
  const projects = await projectsOf([]);
  if (typeof projects === 'string') return report('nx show projects', projects);
  const missing = expectedProjects().filter((name) => !projects.includes(name));
  return report('nx show projects', missing.length === 0 ? undefined : `not in the graph: ${missing.join(', ')}`);
}

/** A change of the contracts reaches every app that is built on them. */
async function affectedFollowsDependencies(): Promise<Counts> {
  const affected = await projectsOf(['--affected', '--files', 'libs/contracts/src/index.ts']);
  if (typeof affected === 'string') return report('nx affected', affected);
  const missing = expectedProjects().filter((name) => name.startsWith('@infinibay/app-') && !affected.includes(name));
  return report(
    'nx affected',
    missing.length === 0 ? undefined : `a change of contracts does not reach: ${missing.join(', ')}`,
  );
}

/** The project graph: complete, and usable for `nx affected` without any network. */
export async function runWorkspaceChecks(): Promise<Counts> {
  return add(await graphIsComplete(), await affectedFollowsDependencies());
}
