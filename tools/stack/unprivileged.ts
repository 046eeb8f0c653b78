import { existsSync, statSync } from 'node:fs';

import { runCommand } from './command.ts';
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

/** In a user namespace of its own root appears as nobody, while files stay owned by root: no system user has to be made. */
const inUserNamespace: UnprivilegedRunner = {
  wrap: (program, args) => ({
    command: 'unshare',
    args: ['--user', `--map-user=${String(NOBODY)}`, `--map-group=${String(NOBODY)}`, '--', program, ...args],
  }),
  fileOwner: 0,
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

/** @throws StackError when this machine lets root become nobody by no way */
export const chooseUnprivilegedRunner = async (
  candidates: readonly UnprivilegedRunner[] = [inUserNamespace, asNobody],
): Promise<UnprivilegedRunner> => {
  if (process.getuid?.() !== 0) return asOurselves;
  for (const candidate of candidates) if (await works(candidate)) return candidate;
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
