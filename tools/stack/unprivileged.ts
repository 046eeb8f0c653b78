import { existsSync, statSync } from 'node:fs';

import { runCommand } from './command.ts';
import { findNssWrapper, hasName, nameVariables } from './names-for-uid.ts';
import { StackError } from './stack-error.ts';

/** A way to run a program that refuses to be root. */
export interface UnprivilegedRunner {
  readonly wrap: (program: string, args: readonly string[]) => { readonly command: string; readonly args: string[] };
  /** Owner that the program's files must have. */
  readonly fileOwner: number;
}

const NOBODY = 65_534;

/** Started by an ordinary user there is nothing to give up. */
const asOurselves: UnprivilegedRunner = {
  wrap: (program, args) => ({ command: program, args: [...args] }),
  fileOwner: process.getuid?.() ?? 0,
};

/** In a user namespace of its own whoever we are appears as nobody, while files stay owned by us: no system user has to be made. */
const inUserNamespace: UnprivilegedRunner = {
  wrap: (program, args) => ({
    command: 'unshare',
    args: ['--user', `--map-user=${String(NOBODY)}`, `--map-group=${String(NOBODY)}`, '--', program, ...args],
  }),
  fileOwner: process.getuid?.() ?? 0,
};

/** A uid without a name, where user namespaces are forbidden: PostgreSQL asks for its name and gets one. */
const withName = (library: string, folder: string): UnprivilegedRunner => {
  const variables = Object.entries(nameVariables(library, folder)).map(([name, value]) => `${name}=${value}`);
  return {
    wrap: (program, args) => ({ command: 'env', args: [...variables, program, ...args] }),
    fileOwner: process.getuid?.() ?? 0,
  };
};

/** Where user namespaces are forbidden (chroots, many containers): nobody, who may still pass through folders such as /root. */
const asNobody: UnprivilegedRunner = {
  wrap: (program, args) => ({
    command: 'setpriv',
    args: [
      `--reuid=${String(NOBODY)}`,
      `--regid=${String(NOBODY)}`,
      '--clear-groups',
      // access(2), by which PostgreSQL looks at its own binary, ignores capabilities of a non-root uid otherwise.
      '--securebits=+no_setuid_fixup',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
      '--',
      program,
      ...args,
    ],
  }),
  fileOwner: NOBODY,
};

const works = async (runner: UnprivilegedRunner): Promise<boolean> => {
  const probe = runner.wrap('true', []);
  return (await runCommand(probe.command, probe.args)).code === 0;
};

const firstThatWorks = async (candidates: readonly UnprivilegedRunner[]): Promise<UnprivilegedRunner | undefined> => {
  for (const candidate of candidates) if (await works(candidate)) return candidate;
  return undefined;
};

/** @throws StackError that says what to do */
const withGivenName = async (namesFolder: string): Promise<UnprivilegedRunner> => {
  const library = await findNssWrapper();
  if (library !== undefined) return withName(library, namesFolder);
  const uid = String(process.getuid?.());
  throw new StackError(
    `PostgreSQL needs a name for uid ${uid}, which has none here, and user namespaces are forbidden: install libnss-wrapper or add a line for ${uid} to /etc/passwd`,
  );
};

/**
 * @param namesFolder of ours, for what a uid without a name needs
 * @param candidates ways to try first; those that fit who we are when left out
 * @throws StackError when PostgreSQL can be run by no way here
 */
export const chooseUnprivilegedRunner = async (
  namesFolder: string,
  candidates?: readonly UnprivilegedRunner[],
): Promise<UnprivilegedRunner> => {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && hasName()) return asOurselves;
  const runner = await firstThatWorks(candidates ?? (isRoot ? [inUserNamespace, asNobody] : [inUserNamespace]));
  if (runner !== undefined) return runner;
  if (!isRoot) return withGivenName(namesFolder);
  throw new StackError('PostgreSQL may not run as root, and neither user namespaces nor setpriv work here');
};

/** Files that an earlier start made another way get the owner that this way needs. */
export const ownFiles = async (folder: string, runner: UnprivilegedRunner): Promise<void> => {
  if (!existsSync(folder) || statSync(folder).uid === runner.fileOwner) return;
  const owner = String(runner.fileOwner);
  const result = await runCommand('chown', ['-R', `${owner}:${owner}`, folder], { timeoutMs: 120_000 });
  if (result.code !== 0) throw new StackError(`the owner of ${folder} can't be changed: ${result.stderr.trim()}`);
};

export const RUNNERS = { inUserNamespace, asNobody } as const;
