import { DomainError } from '@infinibay/contracts';
import { errnoOf } from '../work/missing-file.js';

/** What the storage of images failed with, as it is told. Anything else is left as it is. */
export const storageError = (error: unknown): unknown => {
  const errno = errnoOf(error);
  if (error instanceof DomainError || errno === undefined) return error;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new DomainError('POOL_FULL', { errno }, { cause: error });
  const message = `The image cannot be written to the storage of its host (${errno})`;
  return new DomainError('STORAGE_UNAVAILABLE', { errno }, { message, cause: error });
};
