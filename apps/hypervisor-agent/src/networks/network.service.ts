import { join } from 'node:path';
import { DomainError, type NetworkSpec } from '@infinibay/contracts';
import type { Network } from '@infinibay/libvirt';
import { requireHostnames, type NetworkFacts } from '@infinibay/libvirt-xml';
import { Inject, Injectable } from '@nestjs/common';
import { AGENT_CONFIG, type AgentConfig } from '../config.js';
import type { Deadline } from '../work/deadline.js';
import { FenceStore } from '../work/fence-store.js';
import { KeyedQueue } from '../work/keyed-queue.js';
import { LeaseService } from './lease.service.js';
import { NetworkRepairs } from './network-repairs.js';
import { NetworkRepository } from './network.repository.js';
import { reservationDiff } from './reservation-diff.js';

/** A network as it was last asked for. */
export interface DesiredNetwork {
  readonly spec: NetworkSpec;
  readonly revision: number;
}

/** NAT networks of the host. Reservations change live: guests keep their link. */
@Injectable()
export class NetworkService {
  private readonly queue = new KeyedQueue();
  private readonly revisions: FenceStore;
  private readonly known = new Map<string, DesiredNetwork>();

  constructor(
    private readonly networks: NetworkRepository,
    private readonly repairs: NetworkRepairs,
    private readonly leases: LeaseService,
    @Inject(AGENT_CONFIG) config: AgentConfig,
  ) {
    this.revisions = new FenceStore(join(config.STATE_DIR, 'networks'));
  }

  /** What this run of the agent was asked for; the networks service tells it again within its verification interval. */
  desired(): readonly DesiredNetwork[] {
    return [...this.known.values()];
  }

  /** Bridges of our networks. */
  bridges(): ReadonlySet<string> {
    return new Set(this.desired().map(({ spec }) => spec.bridge));
  }

  /** The network as it is desired when its turn comes; undefined when it is gone by then. */
  inTurn<T>(networkId: string, work: (desired: DesiredNetwork | undefined) => Promise<T>): Promise<T> {
    return this.queue.run(networkId, () => work(this.known.get(networkId)));
  }

  /**
   * @returns whether anything was changed; an older revision than one seen changes nothing
   * @throws DomainError INVALID_INPUT for a hostname that libvirt or dnsmasq can't hold; NETWORK_RANGE_RESERVED;
   * NETWORK_NOT_FOUND for an older one while the newer, which was begun, has not made the network
   */
  ensure(spec: NetworkSpec, revision: number, deadline: Deadline): Promise<boolean> {
    return this.queue.run(spec.networkId, async () => {
      requireHostnames(spec);
      const network = await this.networks.find(spec);
      if (revision < (await this.revisions.get(spec.networkId))) {
        await this.requireActive(network, spec.networkId);
        return false;
      }
      deadline.check();
      // Before it is applied: were this one half done when the agent is killed, an older one must not come after it.
      await this.revisions.raise(spec.networkId, revision);
      this.known.set(spec.networkId, { spec, revision });
      return this.adapt(network, spec, deadline);
    });
  }

  /** @returns whether there was one */
  remove(networkId: string, name: string, deadline: Deadline): Promise<boolean> {
    return this.queue.run(networkId, async () => {
      this.known.delete(networkId);
      const network = await this.networks.find({ networkId, name });
      if (network !== undefined) {
        const { bridge } = await this.networks.facts(network);
        if (await this.networks.isActive(network)) await this.networks.destroy(network, deadline);
        // While it is defined: whoever is interrupted here comes again.
        if (bridge !== undefined) await this.repairs.openRoutes(bridge);
        await this.networks.undefine(network, deadline);
      }
      await this.revisions.forget(networkId);
      return network !== undefined;
    });
  }

  private async requireActive(network: Network | undefined, networkId: string): Promise<void> {
    const isActive = network !== undefined && (await this.networks.isActive(network));
    if (!isActive) throw new DomainError('NETWORK_NOT_FOUND', { networkId, reason: 'a newer revision is not applied' });
  }

  private async adapt(network: Network | undefined, spec: NetworkSpec, deadline: Deadline): Promise<boolean> {
    if (network === undefined || !(await this.networks.isActive(network))) {
      await this.repairs.build(spec, this.bridges(), deadline);
      return true;
    }
    const facts = await this.networks.facts(network);
    requireSameShape(facts, spec);
    const { remove, add } = reservationDiff(facts.reservations, spec.reservations);
    // Removed first: an address or a name that moves to another card may be there once only.
    for (const reservation of remove) await this.networks.unreserve(network, reservation, deadline);
    for (const reservation of add) await this.networks.reserve(network, reservation, deadline);
    if (remove.length + add.length === 0) return false;
    await this.leases.release(network, spec);
    return true;
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
