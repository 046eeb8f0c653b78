import type { Probe } from '@infinibay/platform-health';
import type { Hypervisor } from './hypervisor.js';
import type { QuarantineReporter } from './quarantine.reporter.js';

/** Ready means that libvirt's daemon answers a round trip now. Guests that hang are told; they don't make the host unready. */
export const hypervisorProbe = (hypervisor: Hypervisor, quarantine: QuarantineReporter): Probe => ({
  name: 'hypervisor',
  check: async () => {
    const alive = await hypervisor.use('ping', (connection) => connection.alive({ timeoutMs: 2_000 }));
    if (!alive) throw new Error('libvirt does not answer');
  },
  detail: () => {
    const quarantinedDomains = quarantine.current;
    return quarantinedDomains.length === 0 ? undefined : { quarantinedDomains };
  },
});
