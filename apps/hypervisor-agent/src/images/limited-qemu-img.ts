import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isMissing } from '../work/missing-file.js';

const run = promisify(execFile);
const MAX_OUTPUT = 1_048_576;
/** As much as reading a sound image of any size takes; a hostile one gets no more. */
const MAX_MEMORY_BYTES = 1_073_741_824;
const MAX_CPU_SECONDS = 300;
/** How prlimit says that there is no such program; setpriv says the same of prlimit, in its own name. */
const NO_PROGRAM = 127;
const SAID_BY_PRLIMIT = 'prlimit:';

/** Ends with the agent, gains no rights, and has limits: what it reads was written by somebody else. */
const LIMITED = [
  ['--pdeathsig', 'KILL', '--no-new-privs'],
  ['prlimit', `--as=${MAX_MEMORY_BYTES}`, `--cpu=${MAX_CPU_SECONDS}`, '--core=0', '--nofile=64'],
].flat();

export interface QemuImgAnswer {
  /** 0: it did what was asked. */
  readonly code: number;
  readonly output: string;
}

/**
 * Lets qemu-img read a file that may be hostile.
 * @returns undefined on a host that has no qemu-img
 * @throws what it ended with when that is no code of its own: a signal, a limit, the time; without setpriv and prlimit it is
 * not begun
 */
export const limitedQemuImg = async (
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<QemuImgAnswer | undefined> => {
  const options = {
    timeout: timeoutMs,
    maxBuffer: MAX_OUTPUT,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    ...(signal === undefined ? {} : { signal }),
  } as const;
  try {
    const { stdout } = await run('setpriv', [...LIMITED, 'qemu-img', ...args], options);
    return { code: 0, output: stdout };
  } catch (error) {
    return answerIn(error);
  }
};

/**
 * What an error of a program says of qemu-img. Exported for its spec.
 * @returns undefined: there is no qemu-img
 * @throws what is no answer of it; unlimited it is never run
 */
export const answerIn = (error: unknown): QemuImgAnswer | undefined => {
  if (isMissing(error)) throw new Error('the host has no setpriv', { cause: error });
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'number') throw error;
  if (error.code !== NO_PROGRAM) return { code: error.code, output: '' };
  if ('stderr' in error && String(error.stderr).startsWith(SAID_BY_PRLIMIT)) return undefined;
  throw new Error('the host has no prlimit', { cause: error });
};
