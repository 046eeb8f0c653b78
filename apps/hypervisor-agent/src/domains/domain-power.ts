import type { DomainPower, ObservedVm } from '@infinibay/contracts';
import type { DomainState, DomainStateName } from '@infinibay/libvirt';
import { vmIdOfDomain } from '@infinibay/libvirt-xml';

const POWER_OF: Readonly<Record<DomainStateName, DomainPower>> = {
  nostate: 'unknown',
  running: 'running',
  blocked: 'running',
  paused: 'paused',
  shutdown: 'shutting-down',
  shutoff: 'off',
  crashed: 'crashed',
  pmsuspended: 'paused',
  unknown: 'unknown',
};

export const powerOf = ({ state }: DomainState): DomainPower => POWER_OF[state];

/** Why it is so, in libvirt's words; a guest that sleeps is paused, and libvirt gives that a state of its own. */
export const reasonOf = ({ state, reason }: DomainState): string => (state === 'pmsuspended' ? 'pmsuspended' : reason);

/** Nothing runs. */
export const isOff = (power: DomainPower): boolean => power === 'off' || power === 'crashed';

/** Domains that aren't ours are left out: we neither report nor touch them. */
export const observedVms = (
  domains: readonly (DomainState & { readonly uuid: string; readonly name: string })[],
): ObservedVm[] =>
  domains.flatMap((domain) => {
    const vmId = vmIdOfDomain(domain);
    return vmId === undefined ? [] : [{ vmId, power: powerOf(domain), reason: reasonOf(domain) }];
  });
