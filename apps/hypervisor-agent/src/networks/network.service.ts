import { join } from 'node:path';
import { DomainError, type NetworkSpec } from '@infinibay/contracts';
import type { Network } from '@infinibay/libvirt';
import { dhcpHostXml, networkFacts, networkXml, type DhcpReservation, type NetworkFacts } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import { HighestSeen } from '../work/highest-seen.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { reservationDiff } from './reservation-diff.js';

/** NAT networks of the host. Reservations change live: guests keep their link. */
@Injectable()
export class NetworkService {
  private readonly queue = new KeyedQueue();
  private readonly revisions: HighestSeen;

  constructor(
    private readonly hypervisor: Hypervisor,
    @Inject(AGENT_CONFIG) config: AgentConfig,
  ) {
    this.revisions = new HighestSeen(join(config.STATE_DIR, 'networks'));
  }

  /** @returns whether anything was changed; an older revision than one seen changes nothing */
  ensure(spec: NetworkSpec, revision: number): Promise<boolean> {
    return this.queue.run(spec.networkId, async () => {
      if (revision < (await this.revisions.get(spec.networkId))) return false;
      await this.revisions.raise(spec.networkId, revision);
      const network = await this.find(spec);
      return network === undefined ? this.create(spec) : this.adapt(network, spec);
    });
  }

  /** @returns whether there was one */
  remove(networkId: string, name: string): Promise<boolean> {
    return this.queue.run(networkId, async () => {
      const network = await this.find({ networkId, name });
      if (network !== undefined) {
        if (await this.hypervisor.use('read-network', () => network.isActive())) {
          await this.hypervisor.use('destroy-network', () => network.destroy());
        }
        await this.hypervisor.find('undefine-network', 'NO_NETWORK', () => network.undefine());
      }
      await this.revisions.forget(networkId);
      return network !== undefined;
    });
  }

  private async find({ networkId, name }: Pick<NetworkSpec, 'networkId' | 'name'>): Promise<Network | undefined> {
    const network = await this.hypervisor.find('find-network', 'NO_NETWORK', ({ networks }) =>
      networks.lookupByName(name),
    );
    if (network !== undefined && network.uuid !== networkId) {
      throw new DomainError('HYPERVISOR_ERROR', { networkId, reason: 'a network that is not ours has this name' });
    }
    return network;
  }

  private async create(spec: NetworkSpec): Promise<true> {
    const network = await this.define(spec);
    await this.hypervisor.use('autostart-network', () => network.setAutostart(true));
    await this.hypervisor.use('start-network', () => network.create());
    return true;
  }

  private async adapt(network: Network, spec: NetworkSpec): Promise<boolean> {
    if (!(await this.hypervisor.use('read-network', () => network.isActive()))) {
      await this.define(spec);
      await this.hypervisor.use('start-network', () => network.create());
      return true;
    }
    const facts = networkFacts(await this.hypervisor.use('read-network', () => network.xmlDesc()));
    requireSameShape(facts, spec);
    const { remove, add } = reservationDiff(facts.reservations, spec.reservations);
    // Removed first: an address or a name that moves to another card may be there once only.
    for (const reservation of remove) await this.update(network, 'delete', reservation);
    for (const reservation of add) await this.update(network, 'add-last', reservation);
    return remove.length + add.length > 0;
  }

  private define(spec: NetworkSpec): Promise<Network> {
    return this.hypervisor.use('define-network', ({ networks }) => networks.defineXml(networkXml(spec)));
  }

  private update(network: Network, command: 'add-last' | 'delete', reservation: DhcpReservation): Promise<void> {
    const change = {
      command,
      section: 'ip-dhcp-host',
      xml: dhcpHostXml(reservation),
      live: true,
      config: true,
    } as const;
    return this.hypervisor.use('update-network', () => network.update(change));
  }
}

/** Another address range would need the bridge to be made anew, and every guest would lose its link. */
const requireSameShape = (facts: NetworkFacts, spec: NetworkSpec): void => {
  const same =
    facts.bridge === spec.bridge && facts.gateway === spec.gateway && facts.prefixLength === spec.prefixLength;
  if (!same)
    throw new DomainError('NETWORK_IN_USE', {
      networkId: spec.networkId,
      reason: 'it is active with another bridge or range',
    });
};
