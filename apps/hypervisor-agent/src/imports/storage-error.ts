import { DomainError } from '@infinibay/contracts';
import { errnoOf } from '../work/missing-file.js';

/** What the system says, and not what Node calls its own errors (ERR_…, ABORT_ERR). */
const OF_THE_SYSTEM = /^E(?!RR_)[A-Z0-9]+$/;

/** What the storage of images failed with, as it is told. Anything else is left as it is. */
export const storageError = (error: unknown): unknown => {
  const errno = errnoOf(error);
  if (error instanceof DomainError || errno === undefined || !OF_THE_SYSTEM.test(errno)) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new DomainError('POOL_FULL', { errno }, { cause: error });
  const message = `The image cannot be written to the storage of its host (${errno})`;
  return new DomainError('STORAGE_UNAVAILABLE', { errno }, { message, cause: error });
};
