import type { Probe } from '@infinibay/platform-health';
import type { AccelerationService } from '../acceleration/acceleration.service.js';
import type { Hypervisor } from '../hypervisor/hypervisor.js';
import type { QuarantineReporter } from '../hypervisor/quarantine.reporter.js';

/** Ready means that libvirt's daemon answers a round trip now, and that what the host can run is known. Guests that hang are told; they don't make the host unready. */
export const hypervisorProbe = (
  hypervisor: Hypervisor,
  quarantine: QuarantineReporter,
  acceleration: AccelerationService,
): Probe => ({
  name: 'hypervisor',
  check: async () => {
    const alive = await hypervisor.use('ping', (connection) => connection.alive({ timeoutMs: 2_000 }));
    if (!alive) throw new Error('libvirt does not answer');
    // Until then no heartbeat goes out either: which guests the host can run is not known.
    if (acceleration.current === undefined) throw new Error('KVM is being probed');
  },
  detail: () => {
    const quarantinedDomains = quarantine.current;
    const kvm = acceleration.current;
    if (quarantinedDomains.length === 0 && kvm === undefined) return undefined;
    return {
      ...(kvm === undefined ? {} : { kvm }),
      ...(quarantinedDomains.length === 0 ? {} : { quarantinedDomains }),
    };
  },
});
