import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { DomainError } from '@infinibay/contracts';
import type { Deadline } from '../work/deadline.js';
import { isMissing } from '../work/missing-file.js';

const run = promisify(execFile);
const MAX_BUFFER = 1_048_576;

/**
 * Changes a file of ours by qemu-img, which takes QEMU's own lock on it: while a guest has the file it is refused.
 * @param about whose file it is, for the error's details
 * @throws DomainError HYPERVISOR_ERROR, UNSUPPORTED_BY_DRIVER, POOL_FULL, DEADLINE_EXCEEDED
 */
export const qemuImg = async (
  args: readonly string[],
  about: Readonly<Record<string, unknown>>,
  deadline: Deadline,
): Promise<void> => {
  try {
    await run('qemu-img', [...args], { timeout: Math.ceil(deadline.timeoutMs()), maxBuffer: MAX_BUFFER });
  } catch (error) {
    throw qemuImgError(about, error);
  }
};

/** How long a text of an error may be that is kept. */
const MAX_TOLD = 4_096;
/** How a shell and setpriv say that there is no such program. */
const NO_PROGRAM = 127;
const PROGRESS = /\((\d+)(?:\.\d+)?\/100%\)/g;

/**
 * Copies by qemu-img, which ends with whoever has begun it, however that ends.
 * @param signal ends it
 * @param tell is called with how many percent are copied
 * @throws DomainError HYPERVISOR_ERROR, UNSUPPORTED_BY_DRIVER, POOL_FULL, DEADLINE_EXCEEDED when it was ended
 */
export const qemuImgConvert = async (
  args: readonly string[],
  about: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  tell: (percent: number) => void,
): Promise<void> => {
  const command = ['--pdeathsig', 'KILL', 'qemu-img', 'convert', '-p', ...args];
  const program = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  program.stderr.on('data', (text: Buffer) => (told = `${told}${text.toString()}`.slice(-MAX_TOLD)));
  program.stdout.on('data', (text: Buffer) => {
    const percent = [...text.toString().matchAll(PROGRESS)].at(-1)?.[1];
    if (percent !== undefined) tell(Number(percent));
  });
  const end = (): void => void program.kill('SIGKILL');
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    // It has ended then: nothing of it writes any more.
    const [code] = (await once(program, 'close')) as [number | null];
    if (code === 0) return;
    if (signal.aborted) throw new DomainError('DEADLINE_EXCEEDED', about);
    if (code === NO_PROGRAM) throw new DomainError('UNSUPPORTED_BY_DRIVER', { reason: 'the host has no qemu-img' });
    throw qemuImgError(about, Object.assign(new Error(`qemu-img convert: ${told}`), { code: code ?? 1 }));
  } catch (error) {
    throw error instanceof DomainError ? error : qemuImgError(about, error);
  } finally {
    signal.removeEventListener('abort', end);
  }
};

/** What became of qemu-img. Anything else is a mistake of ours, and told as one. */
const qemuImgError = (about: Readonly<Record<string, unknown>>, error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const cause = { cause: error };
  if (isMissing(error)) return new DomainError('UNSUPPORTED_BY_DRIVER', { reason: 'the host has no qemu-img' }, cause);
  if ('killed' in error && error.killed === true) return new DomainError('DEADLINE_EXCEEDED', about, cause);
  if (!('code' in error) || typeof error.code !== 'number') return error;
  if (error.message.includes('No space left')) return new DomainError('POOL_FULL', about, cause);
  return new DomainError('HYPERVISOR_ERROR', { ...about, reason: 'qemu-img refused' }, cause);
};
