import { can } from '@infinibay/access-domain';
import {
  DomainError,
  findDepartments,
  networkCreated,
  networkDeleted,
  type Actor,
  type EventEnvelope,
} from '@infinibay/contracts';
import { formatCidr, parseNetworkCidr } from '@infinibay/networks-domain';
import { RequestClient } from '@infinibay/platform-messaging';
import { newEvent } from '@infinibay/platform-persistence';
import type { MutationEffect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Network } from '../generated/prisma/client.js';
import { HostNetworkRepository } from '../hosts/host-network.repository.js';
import type { CreateNetwork, DeleteNetwork } from '../networks/network.inputs.js';
import { NetworkRepository } from '../networks/network.repository.js';
import { assertDepartment, readable } from '../networks/network.service.js';
import { RangeAllocation } from '../ranges/range-allocation.service.js';

/** Makes and deletes networks: a new one takes a range, and a deleted one leaves its hosts. */
@Injectable()
export class NetworkChangesService {
  constructor(
    private readonly change: Change,
    private readonly networks: NetworkRepository,
    private readonly hostNetworks: HostNetworkRepository,
    private readonly requests: RequestClient,
    private readonly ranges: RangeAllocation,
  ) {}

  /**
   * A repeated call gets the first one's answer, whatever is gone since; NETWORK_NOT_FOUND when the actor may not read it now.
   * @throws DomainError DEPARTMENT_NOT_FOUND, MALFORMED_ADDRESS, ADDRESS_RANGE_TAKEN, NETWORK_RANGE_RESERVED, QUOTA_EXCEEDED, NAME_TAKEN, IDEMPOTENCY_KEY_REUSED
   */
  create(actor: Actor, { idempotencyKey: key, ...asked }: CreateNetwork): Promise<Network> {
    const cidr = typeof asked.cidr === 'string' ? formatCidr(parseNetworkCidr(asked.cidr)) : null;
    const input = { ...asked, cidr };
    return this.change.commit(
      {
        actor,
        operation: 'createNetwork',
        key,
        input,
        resourceKind: 'network',
        prepare: async () => {
          assertDepartment(actor, 'create', asked.departmentId);
          await this.assertDepartmentExists(asked.departmentId);
          return this.ranges.platformRanges();
        },
        show: async (stored: StoredNetwork | string) =>
          readable(actor, typeof stored === 'string' ? await this.networks.find(stored) : ofStored(stored)),
      },
      (tx, platform) => this.insert(tx, input, platform),
    );
  }

  /**
   * A repeated call gets the id again; NETWORK_NOT_FOUND when the actor may not read the department now.
   * @throws DomainError NETWORK_NOT_FOUND, NETWORK_IN_USE, IDEMPOTENCY_KEY_REUSED
   */
  delete(actor: Actor, { idempotencyKey: key, ...input }: DeleteNetwork): Promise<string> {
    const { networkId } = input;
    return this.change.commit(
      {
        actor,
        operation: 'deleteNetwork',
        key,
        input,
        resourceKind: 'network',
        // Keys of older versions remember nothing: the actor named the id itself.
        show: (stored: StoredNetwork | null) => (stored === null ? networkId : readable(actor, ofStored(stored)).id),
      },
      (tx) => this.remove(tx, actor, networkId),
    );
  }

  private async assertDepartmentExists(departmentId: string): Promise<void> {
    const { departments } = await this.requests.call(findDepartments, { departmentIds: [departmentId] });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
  }

  private async insert(
    tx: Transaction,
    asked: { departmentId: string; name: string; cidr: string | null },
    platform: readonly string[],
  ): Promise<MutationEffect<StoredNetwork>> {
    const { departmentId, name } = asked;
    if (await this.networks.isNameTaken(tx, departmentId, name)) throw new DomainError('NAME_TAKEN', { name });
    const cidr = await this.ranges.allocate(tx, departmentId, asked.cidr, platform);
    const network = await this.networks.create(tx, { departmentId, name, cidr });
    const data = { networkId: network.id, name, cidr };
    return effect(network, newEvent(networkCreated, { departmentId, resource: resourceOf(network), data }));
  }

  private async remove(tx: Transaction, actor: Actor, networkId: string): Promise<MutationEffect<StoredNetwork>> {
    const network = readable(actor, await this.networks.lock(tx, networkId));
    if (!can(actor, 'delete', { kind: 'network', departmentId: network.departmentId }))
      throw new DomainError('FORBIDDEN');
    if (await this.networks.hasPorts(tx, networkId)) throw new DomainError('NETWORK_IN_USE', { networkId });
    await this.hostNetworks.release(tx, networkId);
    await this.networks.delete(tx, networkId);
    const { departmentId, name } = network;
    const data = { networkId, name };
    return effect(network, newEvent(networkDeleted, { departmentId, resource: resourceOf(network), data }));
  }
}

/** What a repeated call is answered from when the network is gone. */
type StoredNetwork = Omit<Network, 'createdAt'> & { readonly createdAt: string };

const toStored = (network: Network): StoredNetwork => ({ ...network, createdAt: network.createdAt.toISOString() });
const ofStored = (stored: StoredNetwork): Network => ({ ...stored, createdAt: new Date(stored.createdAt) });

const resourceOf = ({ id }: Network) => ({ kind: 'network', id });

const effect = (network: Network, event: EventEnvelope): MutationEffect<StoredNetwork> => ({
  answer: toStored(network),
  resourceId: network.id,
  events: [event],
});
