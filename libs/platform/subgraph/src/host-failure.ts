import { DomainError } from '@infinibay/contracts';

/** A host that does not answer in time is unavailable to the caller, whatever the reason. */
export const hostFailure = (error: unknown): DomainError => {
  if (!(error instanceof DomainError)) return new DomainError('INTERNAL', {}, { cause: error });
  return error.code === 'DEADLINE_EXCEEDED'
    ? new DomainError('HOST_UNAVAILABLE', error.details, { cause: error })
    : error;
};
