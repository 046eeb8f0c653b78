import { DomainError } from '@infinibay/contracts';
import { ImageRefused } from '../images/image-check.js';
import { storageError } from './storage-error.js';

/** What may have ended an import. */
export interface ImportEnds {
  /** It is not wanted any more, or the agent ends. */
  readonly stop: AbortSignal;
  /** It has taken too long. */
  readonly limit: AbortSignal;
}

/**
 * What is told of what an import ended with. A storage, or a host, that cannot look at a file has not refused it: what was
 * fetched is kept then, and it is tried again.
 */
export const importError = (error: unknown, { stop, limit }: ImportEnds): unknown => {
  const cause = { cause: error };
  if (stop.aborted) return new DomainError('DEADLINE_EXCEEDED', {}, cause);
  if (limit.aborted) return new DomainError('IMAGE_SOURCE_UNAVAILABLE', { reason: 'it took too long' }, cause);
  if (error instanceof ImageRefused) {
    const ofStorage = storageError(error.cause);
    return ofStorage instanceof DomainError
      ? ofStorage
      : new DomainError('IMAGE_UNUSABLE', { reason: error.message }, cause);
  }
  // It was just looked at, and put there: what is read now is not what was written. The log says why.
  if (error instanceof DomainError && error.code === 'IMAGE_NOT_FOUND') {
    const message = 'What is read of the image on its host is not what was written';
    return new DomainError('STORAGE_UNAVAILABLE', {}, { message, ...cause });
  }
  return storageError(error);
};
