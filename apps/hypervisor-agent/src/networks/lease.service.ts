import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, type NetworkSpec } from '@infinibay/contracts';
import type { DhcpLease, Network } from '@infinibay/libvirt';
import type { Logger } from '@infinibay/platform-logging';
import { LOGGER } from '@infinibay/platform-service';
import { Inject, Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { HostNetworkReader } from './host-network.reader.js';

const RELEASE_ATTEMPTS = 3;
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 50;

export interface StaleLease {
  readonly mac: string;
  readonly address: string;
}

/**
 * Leases of libvirt's DHCP server. It keeps one for its whole time though the card is gone, and until then gives its
 * address to nobody else, whatever is reserved.
 */
@Injectable()
export class LeaseService {
  constructor(
    private readonly hypervisor: Hypervisor,
    private readonly kernel: HostNetworkReader,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Leases that no reservation stands for any more. */
  async stale(network: Network, spec: NetworkSpec): Promise<StaleLease[]> {
    const leases = await this.hypervisor.find('read-leases', 'NO_SUPPORT', () => network.dhcpLeases());
    return staleLeases(leases ?? [], spec);
  }

  /**
   * Ends stale leases, and looks whether they have ended.
   * @throws DomainError HYPERVISOR_ERROR when the lease of an address that is reserved for another card can't be ended
   */
  async release(network: Network, spec: NetworkSpec): Promise<number> {
    let left = await this.stale(network, spec);
    const found = left.length;
    for (let attempt = 0; attempt < RELEASE_ATTEMPTS && left.length > 0; attempt += 1) {
      for (const { mac, address } of left) await this.ask(spec, mac, address);
      left = await this.awaitEnd(network, spec);
    }
    if (found > 0) this.logger.info({ networkId: spec.networkId, found, left }, 'DHCP leases released');
    const reserved = new Set(spec.reservations.map(({ address }) => address));
    const inTheWay = left.find(({ address }) => reserved.has(address));
    if (inTheWay !== undefined)
      throw new DomainError('HYPERVISOR_ERROR', {
        networkId: spec.networkId,
        reason: 'the DHCP lease of a card that is gone holds an address that is given again',
        ...inTheWay,
      });
    return found - left.length;
  }

  private async ask(spec: NetworkSpec, mac: string, address: string): Promise<void> {
    try {
      await this.kernel.change('dhcp_release', spec.bridge, address, mac);
    } catch (error) {
      this.logger.warn({ err: error, networkId: spec.networkId, address }, 'a DHCP lease could not be released');
    }
  }

  /** The server's helper writes its list a moment after the server has read the message. */
  private async awaitEnd(network: Network, spec: NetworkSpec): Promise<StaleLease[]> {
    let left = await this.stale(network, spec);
    for (let look = 0; look < LOOKS && left.length > 0; look += 1) {
      await delay(BETWEEN_LOOKS_MS);
      left = await this.stale(network, spec);
    }
    return left;
  }
}

export const staleLeases = (leases: readonly DhcpLease[], spec: NetworkSpec): StaleLease[] => {
  const reserved = new Set(spec.reservations.map(({ mac, address }) => `${mac} ${address}`));
  return leases.flatMap(({ family, mac, address }) =>
    family === 'ipv4' && mac !== null && !reserved.has(`${mac.toLowerCase()} ${address}`)
      ? [{ mac: mac.toLowerCase(), address }]
      : [],
  );
};
