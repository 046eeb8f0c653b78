/** Whether a call of node:fs or node:child_process failed because there is no such file or program. */
export const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
