import { execFile } from 'node:child_process';
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
