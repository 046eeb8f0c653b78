import { DomainError } from '@infinibay/contracts';
import { LibvirtError, type LibvirtErrorCode } from '@infinibay/libvirt';
import { describe, expect, it } from '@jest/globals';
import { toDomainError } from '../hypervisor/libvirt-errors.js';
import { KvmFindings, isRefusal, textOfFailure } from './kvm-findings.js';

const failure = (code: LibvirtErrorCode): unknown =>
  toDomainError(
    new LibvirtError({ code, domain: 'QEMU', level: 'error', message: `it\nfailed`, call: 'createDomain' }),
  );

describe('a failure of a probe', () => {
  it.each(['INTERNAL_ERROR', 'OPERATION_FAILED', 'CONFIG_UNSUPPORTED', 'INVALID_ARG'] as const)(
    'is an answer when libvirt says %s',
    (code) => expect(isRefusal(failure(code))).toBe(true),
  );

  it.each([
    'TIMEOUT',
    'CANCELLED',
    'QUARANTINED',
    'RESOURCE_BUSY',
    'DISCONNECTED',
    'NO_MEMORY',
    'SYSTEM_ERROR',
  ] as const)('says nothing of KVM when it is %s', (code) => expect(isRefusal(failure(code))).toBe(false));

  it('says nothing of KVM when it is not from libvirt', () => {
    expect(isRefusal(new Error('ENOSPC'))).toBe(false);
    expect(isRefusal(new DomainError('HYPERVISOR_ERROR'))).toBe(false);
  });

  it('is told in one line', () => {
    expect(textOfFailure(failure('TIMEOUT'))).toBe('it failed');
    expect(textOfFailure(new Error('ENOSPC'))).toBe('Error: ENOSPC');
  });
});

describe(KvmFindings.name, () => {
  it('keep what was found when a later check finds nothing out', () => {
    for (const reason of [undefined, 'there is no /dev/kvm']) {
      const sut = new KvmFindings();
      const found = sut.found(reason);
      expect(sut.notFound(failure('TIMEOUT'))).toBe(found);
      expect(sut.current).toBe(found);
    }
  });

  it('are emulation when the first check finds nothing out, until one does', () => {
    const sut = new KvmFindings();
    expect(sut.notFound(failure('TIMEOUT'))).toMatchObject({ works: false, reason: 'not found out yet: it failed' });
    sut.found(undefined);
    expect(sut.current).toMatchObject({ works: true, reason: null });
  });

  it('are nothing while libvirt is away', () => {
    const sut = new KvmFindings();
    expect(sut.notFound(failure('DISCONNECTED'))).toBeUndefined();
    expect(sut.current).toBeUndefined();
  });
});
