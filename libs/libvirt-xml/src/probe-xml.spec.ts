import { describe, expect, it } from '@jest/globals';
import { vmIdOfDomain } from './names.js';
import { probeDomainName, probeXml } from './probe-xml.js';

const UUID = '0196f5a0-0000-4000-8000-000000000001';

describe('the guest of a probe', () => {
  it('is never taken for a VM', () => {
    expect(vmIdOfDomain({ uuid: UUID, name: probeDomainName(UUID) })).toBeUndefined();
  });

  it('has the CPU that guests get with KVM, and a kernel whose path is only text', () => {
    const guest = { hostId: UUID, uuid: UUID, kernelPath: '/run/<a>&b' };
    expect(probeXml({ ...guest, virtType: 'kvm' })).toContain('<cpu mode="host-passthrough" migratable="on"/>');
    const emulated = probeXml({ ...guest, virtType: 'qemu' });
    expect(emulated).not.toContain('<cpu');
    expect(emulated).toContain('<kernel>/run/&lt;a&gt;&amp;b</kernel>');
  });

  it('starts again at a reset, so that only its own end is an end', () => {
    expect(probeXml({ virtType: 'qemu', hostId: UUID, uuid: UUID, kernelPath: '/k' })).toContain(
      '<on_reboot>restart</on_reboot>',
    );
  });
});
