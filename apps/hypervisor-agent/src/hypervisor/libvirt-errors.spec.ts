import { DomainError, isRetryable } from '@infinibay/contracts';
import { LibvirtError, type LibvirtErrorCode } from '@infinibay/libvirt';
import { describe, expect, it } from '@jest/globals';
import { toDomainError } from './libvirt-errors.js';

const libvirtError = (code: LibvirtErrorCode, domain: string): LibvirtError =>
  new LibvirtError({ code, domain, level: 'error', message: 'no', call: 'someCall' });

describe('an error of libvirt', () => {
  it.each([
    ['QUARANTINED', 'BINDING', 'VM_UNRESPONSIVE'],
    ['RESOURCE_BUSY', 'BINDING', 'HOST_UNAVAILABLE'],
    ['TIMEOUT', 'BINDING', 'DEADLINE_EXCEEDED'],
  ] as const)('%s of %s is %s: trying again can succeed', (code, domain, expected) => {
    const error = toDomainError(libvirtError(code, domain));
    expect(error).toMatchObject({ code: expected, details: { libvirtCode: code } });
    expect(isRetryable(error)).toBe(true);
  });

  it('RESOURCE_BUSY of QEMU is about the VM, and trying again alone does not help', () => {
    const error = toDomainError(libvirtError('RESOURCE_BUSY', 'QEMU'));
    expect(error).toMatchObject({ code: 'VM_BUSY' });
    expect(isRetryable(error)).toBe(false);
  });

  it('that nobody foresaw is HYPERVISOR_ERROR; what is none of libvirt stays as it is', () => {
    expect(toDomainError(libvirtError('UNKNOWN_999', 'QEMU'))).toMatchObject({ code: 'HYPERVISOR_ERROR' });
    const other = new DomainError('VM_NOT_FOUND');
    expect(toDomainError(other)).toBe(other);
  });
});
