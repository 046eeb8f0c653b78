import { join } from 'node:path';
import { DomainError, type NetworkSpec } from '@infinibay/contracts';
import type { Network, NetworkUpdate } from '@infinibay/libvirt';
import {
  dhcpHostXml,
  networkFacts,
  networkXml,
  requireHostnames,
  type DhcpReservation,
  type NetworkFacts,
} from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import { Hypervisor } from '../hypervisor/hypervisor.js';
import type { Deadline } from '../work/deadline.js';
import { HighestSeen } from '../work/highest-seen.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { reservationDiff } from './reservation-diff.js';

const LONGEST_CALL_MS = 30_000;

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

  /**
   * @returns whether anything was changed; an older revision than one seen changes nothing
   * @throws DomainError INVALID_INPUT for a hostname that libvirt can't hold; NETWORK_NOT_FOUND for an older one while the newer, which was begun, has not made the network
   */
  ensure(spec: NetworkSpec, revision: number, deadline: Deadline): Promise<boolean> {
    return this.queue.run(spec.networkId, async () => {
      requireHostnames(spec);
      const network = await this.find(spec);
      if (revision < (await this.revisions.get(spec.networkId))) {
        await this.requireActive(network, spec.networkId);
        return false;
      }
      deadline.check();
      // Before it is applied: were this one half done when the agent is killed, an older one must not come after it.
      await this.revisions.raise(spec.networkId, revision);
      return network === undefined ? this.create(spec, deadline) : this.adapt(network, spec, deadline);
    });
  }

  /** @returns whether there was one */
  remove(networkId: string, name: string, deadline: Deadline): Promise<boolean> {
    return this.queue.run(networkId, async () => {
      const network = await this.find({ networkId, name });
      if (network !== undefined) {
        if (await this.hypervisor.use('read-network', () => network.isActive())) {
          await this.hypervisor.use('destroy-network', () => network.destroy(within(deadline)));
        }
        await this.hypervisor.find('undefine-network', 'NO_NETWORK', () => network.undefine(within(deadline)));
      }
      await this.revisions.forget(networkId);
      return network !== undefined;
    });
  }

  private async requireActive(network: Network | undefined, networkId: string): Promise<void> {
    const isActive = network !== undefined && (await this.hypervisor.use('read-network', () => network.isActive()));
    if (!isActive) throw new DomainError('NETWORK_NOT_FOUND', { networkId, reason: 'a newer revision is not applied' });
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

  private async create(spec: NetworkSpec, deadline: Deadline): Promise<true> {
    const network = await this.define(spec, deadline);
    await this.hypervisor.use('autostart-network', () => network.setAutostart(true, within(deadline)));
    await this.hypervisor.use('start-network', () => network.create(within(deadline)));
    return true;
  }

  private async adapt(network: Network, spec: NetworkSpec, deadline: Deadline): Promise<boolean> {
    if (!(await this.hypervisor.use('read-network', () => network.isActive()))) {
      await this.define(spec, deadline);
      await this.hypervisor.use('start-network', () => network.create(within(deadline)));
      return true;
    }
    const facts = networkFacts(await this.hypervisor.use('read-network', () => network.xmlDesc()));
    requireSameShape(facts, spec);
    const { remove, add } = reservationDiff(facts.reservations, spec.reservations);
    // Removed first: an address or a name that moves to another card may be there once only.
    for (const reservation of remove) await this.update(network, removal(reservation), deadline);
    for (const reservation of add) await this.update(network, addition(reservation), deadline);
    return remove.length + add.length > 0;
  }

  private define(spec: NetworkSpec, deadline: Deadline): Promise<Network> {
    const xml = networkXml(spec);
    return this.hypervisor.use('define-network', ({ networks }) => networks.defineXml(xml, within(deadline)));
  }

  private update(network: Network, change: NetworkUpdate, deadline: Deadline): Promise<void> {
    return this.hypervisor.use('update-network', () => network.update(change, within(deadline)));
  }
}

const within = (deadline: Deadline): { readonly timeoutMs: number } => ({
  timeoutMs: deadline.timeoutMs(LONGEST_CALL_MS),
});

const EVERYWHERE = { section: 'ip-dhcp-host', live: true, config: true } as const;

const removal = (reservation: DhcpReservation): NetworkUpdate => ({
  ...EVERYWHERE,
  command: 'delete',
  xml: dhcpHostXml(reservation),
});

const addition = (reservation: DhcpReservation): NetworkUpdate => ({
  ...EVERYWHERE,
  command: 'add-last',
  xml: dhcpHostXml(reservation),
});

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
