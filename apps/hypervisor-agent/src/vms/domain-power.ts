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

/** Nothing runs. */
export const isOff = (power: DomainPower): boolean => power === 'off' || power === 'crashed';

/** Domains that aren't ours are left out: we neither report nor touch them. */
export const observedVms = (
  domains: readonly (DomainState & { readonly uuid: string; readonly name: string })[],
): ObservedVm[] =>
  domains.flatMap((domain) => {
    const vmId = vmIdOfDomain(domain);
    return vmId === undefined ? [] : [{ vmId, power: powerOf(domain), reason: domain.reason }];
  });
