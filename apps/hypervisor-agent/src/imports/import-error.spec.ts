import { DomainError, isRetryable } from '@infinibay/contracts';
import { describe, expect, it } from '@jest/globals';
import { ImageRefused } from '../images/image-check.js';
import { importError } from './import-error.js';

const going = new AbortController().signal;
const ended = AbortSignal.abort();
const ofSystem = (code: string): Error => Object.assign(new Error(code), { code });
/** The code that is told, and whether what was fetched is kept for the next attempt. */
const told = (error: unknown, stop = going, limit = going): [string, boolean] => {
  const given = importError(error, { stop, limit });
  return [given instanceof DomainError ? given.code : String(given), isRetryable(given)];
};

describe(importError, () => {
  it('tells what is wrong with the image for good', () => {
    expect(told(new ImageRefused('it has a backing file'))).toEqual(['IMAGE_UNUSABLE', false]);
    // Killed by its limits: a hostile image gets no second attempt.
    const killed = Object.assign(new Error('killed'), { code: null, signal: 'SIGKILL' });
    expect(told(new ImageRefused('qemu-img cannot read it', { cause: killed }))).toEqual(['IMAGE_UNUSABLE', false]);
    const flood = ofSystem('ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
    expect(told(new ImageRefused('qemu-img cannot read it', { cause: flood }))).toEqual(['IMAGE_UNUSABLE', false]);
    expect(told(new DomainError('IMAGE_TOO_LARGE'))).toEqual(['IMAGE_TOO_LARGE', false]);
  });

  it.each(['EIO', 'ESTALE', 'EMFILE', 'EAGAIN'])('takes no %s of the host for a fault of the image', (code) => {
    expect(told(new ImageRefused('it cannot be opened', { cause: ofSystem(code) }))).toEqual([
      'STORAGE_UNAVAILABLE',
      true,
    ]);
    expect(told(ofSystem(code))).toEqual(['STORAGE_UNAVAILABLE', true]);
  });

  it('fetches anew what is not read as it was written, and tells of a full storage', () => {
    expect(told(new DomainError('IMAGE_NOT_FOUND'))).toEqual(['STORAGE_UNAVAILABLE', true]);
    expect(told(ofSystem('ENOSPC'))).toEqual(['POOL_FULL', false]);
  });

  it('tells why it was ended, whatever it failed with by that', () => {
    expect(told(new Error('aborted'), ended)).toEqual(['DEADLINE_EXCEEDED', true]);
    expect(told(new Error('aborted'), going, ended)).toEqual(['IMAGE_SOURCE_UNAVAILABLE', false]);
  });
});
