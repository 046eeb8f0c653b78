import type { Probe } from '@infinibay/platform-health';
import type { Hypervisor } from './hypervisor.js';

/** Ready means that libvirt's daemon answers a round trip now. */
export const hypervisorProbe = (hypervisor: Hypervisor): Probe => ({
  name: 'hypervisor',
  check: async () => {
    const alive = await hypervisor.use('ping', (connection) => connection.alive({ timeoutMs: 2_000 }));
    if (!alive) throw new Error('libvirt does not answer');
  },
});
