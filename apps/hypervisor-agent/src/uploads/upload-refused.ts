import { DomainError } from '@infinibay/contracts';

/** What whoever uploads did wrong, as an HTTP status. */
export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What is answered for an error; undefined: it is one of ours. */
export const refusalOf = (error: unknown): UploadRefused | undefined => {
  if (error instanceof UploadRefused) return error;
  // Whoever came after it has the file now.
  if (isAborted(error)) return new UploadRefused(423, 'Somebody else goes on with it');
  if (!(error instanceof DomainError)) return undefined;
  if (error.code === 'POOL_FULL') return new UploadRefused(507, error.message);
  if (error.code === 'IMAGE_NOT_FOUND') return new UploadRefused(404, 'There is no such upload');
  return error.kind === 'unavailable' ? new UploadRefused(503, error.message) : undefined;
};

/** Signals are aborted with a DOMException, and streams by an error of Node's own. */
const isAborted = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
