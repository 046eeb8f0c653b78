import { DomainError } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { refusalOf } from './upload-refused.js';

describe(refusalOf, () => {
  const statusOf = (error: unknown): number | undefined => refusalOf(error)?.status;

  it('has clients come back where that helps, and only there', () => {
    // Clients of tus try again after 423 and 5xx.
    expect(statusOf(AbortSignal.abort().reason)).toBe(423);
    expect(statusOf(new DomainError('POOL_FULL'))).toBe(507);
    expect(statusOf(new DomainError('STORAGE_UNAVAILABLE'))).toBe(503);
    expect(statusOf(new DomainError('IMAGE_NOT_FOUND'))).toBe(404);
  });

  it('tells nothing of what is our own fault', () => {
    expect(refusalOf(new Error('EACCES: /var/lib'))).toBeUndefined();
    expect(refusalOf(new DomainError('INTERNAL'))).toBeUndefined();
  });
});
