import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errnoOf, isMissing } from '../work/missing-file.js';

const run = promisify(execFile);
const MAX_OUTPUT = 1_048_576;
/** As much as reading a sound image of any size takes; a hostile one gets no more. */
const MAX_MEMORY_BYTES = 1_073_741_824;
const MAX_CPU_SECONDS = 300;
/** How setpriv and prlimit say that there is no such program. */
const NO_PROGRAM = 127;

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
 * @throws what it ended with when that is no code of its own: a signal, a limit, the time
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
    if (isMissing(error)) return undefined;
    const code = exitCodeOf(error);
    if (code === undefined) throw error;
    return code === NO_PROGRAM ? undefined : { code, output: '' };
  }
};

const exitCodeOf = (error: unknown): number | undefined =>
  typeof error === 'object' &&
  error !== null &&
  errnoOf(error) === undefined &&
  'code' in error &&
  typeof error.code === 'number'
    ? error.code
    : undefined;
