import { DomainError, type NetworkSpec } from '@infinibay/contracts';
import type { Network, NetworkUpdate } from '@infinibay/libvirt';
import { dhcpHostXml, networkFacts, networkXml, type DhcpReservation, type NetworkFacts } from '@infinibay/libvirt-xml';
import { Injectable } from '@nestjs/common';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';

const LONGEST_CALL_MS = 30_000;

/** libvirt's networks of ours. */
@Injectable()
export class NetworkRepository {
  constructor(private readonly hypervisor: Hypervisor) {}

  async find({ networkId, name }: Pick<NetworkSpec, 'networkId' | 'name'>): Promise<Network | undefined> {
    const network = await this.hypervisor.find('find-network', 'NO_NETWORK', ({ networks }) =>
      networks.lookupByName(name),
    );
    if (network !== undefined && network.uuid !== networkId) {
      throw new DomainError('HYPERVISOR_ERROR', { networkId, reason: 'a network that is not ours has this name' });
    }
    return network;
  }

  isActive(network: Network): Promise<boolean> {
    return this.hypervisor.use('read-network', () => network.isActive());
  }

  async facts(network: Network): Promise<NetworkFacts> {
    return networkFacts(await this.hypervisor.use('read-network', () => network.xmlDesc()));
  }

  define(spec: NetworkSpec, deadline: Deadline): Promise<Network> {
    const xml = networkXml(spec);
    return this.hypervisor.use('define-network', ({ networks }) => networks.defineXml(xml, within(deadline)));
  }

  start(network: Network, deadline: Deadline): Promise<void> {
    return this.hypervisor.use('start-network', () => network.create(within(deadline)));
  }

  startWithDaemon(network: Network, deadline: Deadline): Promise<void> {
    return this.hypervisor.use('autostart-network', () => network.setAutostart(true, within(deadline)));
  }

  destroy(network: Network, deadline: Deadline): Promise<void> {
    return this.hypervisor.use('destroy-network', () => network.destroy(within(deadline)));
  }

  async undefine(network: Network, deadline: Deadline): Promise<void> {
    await this.hypervisor.find('undefine-network', 'NO_NETWORK', () => network.undefine(within(deadline)));
  }

  reserve(network: Network, reservation: DhcpReservation, deadline: Deadline): Promise<void> {
    return this.update(network, { ...EVERYWHERE, command: 'add-last', xml: dhcpHostXml(reservation) }, deadline);
  }

  unreserve(network: Network, reservation: DhcpReservation, deadline: Deadline): Promise<void> {
    return this.update(network, { ...EVERYWHERE, command: 'delete', xml: dhcpHostXml(reservation) }, deadline);
  }

  /** Writes one reservation as it is: libvirt then starts a DHCP server that is gone and writes the network's rules anew. */
  refresh(network: Network, reservation: DhcpReservation, deadline: Deadline): Promise<void> {
    const change = { section: 'ip-dhcp-host', live: true, command: 'modify', xml: dhcpHostXml(reservation) } as const;
    return this.update(network, change, deadline);
  }

  private update(network: Network, change: NetworkUpdate, deadline: Deadline): Promise<void> {
    return this.hypervisor.use('update-network', () => network.update(change, within(deadline)));
  }
}

const within = (deadline: Deadline): { readonly timeoutMs: number } => ({
  timeoutMs: deadline.timeoutMs(LONGEST_CALL_MS),
});

const EVERYWHERE = { section: 'ip-dhcp-host', live: true, config: true } as const;
