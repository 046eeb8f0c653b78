import { describe, expect, it } from '@jest/globals';

import { chooseHypervisor } from './hypervisor-choice.ts';

describe(chooseHypervisor.name, () => {
  it('takes QEMU when nothing is missing', () => {
    expect(chooseHypervisor(undefined, []).kind).toBe('qemu');
    expect(chooseHypervisor('auto', []).kind).toBe('qemu');
  });

  it('falls back to the test driver and says what is missing', () => {
    expect(chooseHypervisor('auto', ['libvirtd', 'tini'])).toEqual({
      kind: 'test',
      reason: "QEMU can't be used here, missing: libvirtd, tini",
    });
  });

  it('refuses instead of falling back when QEMU was asked for', () => {
    expect(() => chooseHypervisor('qemu', ['tini'])).toThrow('INFINIBAY_HYPERVISOR=qemu needs: tini');
  });

  it('takes the test driver on request, whatever is there', () => {
    expect(chooseHypervisor('test').kind).toBe('test');
  });

  it('refuses an unknown setting', () => {
    expect(() => chooseHypervisor('xen', [])).toThrow('"xen"');
  });
});
