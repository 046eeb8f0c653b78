/** The code of a failed call of node:fs or node:child_process, such as ENOENT. */
export const errnoOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** Whether a call of node:fs or node:child_process failed because there is no such file or program. */
export const isMissing = (error: unknown): boolean => errnoOf(error) === 'ENOENT';
