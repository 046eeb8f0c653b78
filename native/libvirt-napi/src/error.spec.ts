import { describe, expect, it } from '@jest/globals';
import { isLibvirtErrorCode, LIBVIRT_CODES, LibvirtError } from './error.js';

describe(LibvirtError.name, () => {
  it('is recognised by its code', () => {
    const error = new LibvirtError({
      code: 'NO_DOMAIN',
      domain: 'QEMU',
      level: 'error',
      message: 'gone',
      call: 'virX',
    });
    expect(LibvirtError.is(error)).toBe(true);
    expect(LibvirtError.is(error, 'NO_DOMAIN')).toBe(true);
    expect(LibvirtError.is(error, 'TIMEOUT')).toBe(false);
    expect(LibvirtError.is(new Error('gone'))).toBe(false);
  });

  it('knows every name once and takes numbers of a newer libvirt', () => {
    expect(new Set(LIBVIRT_CODES).size).toBe(LIBVIRT_CODES.length);
    expect(isLibvirtErrorCode('UNKNOWN_4711')).toBe(true);
    expect(isLibvirtErrorCode('WHATEVER')).toBe(false);
  });
});
