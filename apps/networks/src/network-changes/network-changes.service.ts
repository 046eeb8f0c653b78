import { can } from '@infinibay/access-domain';
import { DomainError, findDepartments, networkCreated, networkDeleted, type Actor } from '@infinibay/contracts';
import { formatCidr, parseNetworkCidr } from '@infinibay/networks-domain';
import { OutboxRelayHolder, RequestClient } from '@infinibay/platform-messaging';
import { appendToOutbox, mutateOnce, newEvent } from '@infinibay/platform-persistence';
import { Injectable } from '@nestjs/common';
import { Database, TRANSACTION_LIMITS, type Transaction } from '../database.js';
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
    private readonly database: Database,
    private readonly networks: NetworkRepository,
    private readonly hostNetworks: HostNetworkRepository,
    private readonly requests: RequestClient,
    private readonly outbox: OutboxRelayHolder,
    private readonly ranges: RangeAllocation,
  ) {}

  /**
   * A repeated call gets the first one's answer, whatever is gone since; NETWORK_NOT_FOUND when the actor may not read it now.
   * @throws DomainError DEPARTMENT_NOT_FOUND, MALFORMED_ADDRESS, ADDRESS_RANGE_TAKEN, NETWORK_RANGE_RESERVED, QUOTA_EXCEEDED, NAME_TAKEN, IDEMPOTENCY_KEY_REUSED
   */
  async create(actor: Actor, input: CreateNetwork): Promise<Network> {
    const { idempotencyKey, ...asked } = input;
    const cidr = typeof input.cidr === 'string' ? formatCidr(parseNetworkCidr(input.cidr)) : null;
    const call = { actorId: actor.userId, key: idempotencyKey, operation: 'createNetwork', input: { ...asked, cidr } };
    const network = await mutateOnce(this.database, call, {
      prepare: async () => {
        assertDepartment(actor, 'create', input.departmentId);
        await this.assertDepartmentExists(input.departmentId);
        const platform = await this.ranges.platformRanges();
        return (tx: Transaction) => this.insert(tx, { ...asked, cidr }, platform);
      },
      show: async (stored: StoredNetwork | string) =>
        readable(actor, typeof stored === 'string' ? await this.networks.find(stored) : ofStored(stored)),
      limits: TRANSACTION_LIMITS,
    });
    this.outbox.notify();
    return network;
  }

  /**
   * A repeated call gets the id again; NETWORK_NOT_FOUND when the actor may not read the department now.
   * @throws DomainError NETWORK_NOT_FOUND, NETWORK_IN_USE, IDEMPOTENCY_KEY_REUSED
   */
  async delete(actor: Actor, input: DeleteNetwork): Promise<string> {
    const { idempotencyKey, networkId } = input;
    const call = { actorId: actor.userId, key: idempotencyKey, operation: 'deleteNetwork', input: { networkId } };
    await mutateOnce(this.database, call, {
      prepare: () => (tx: Transaction) => this.remove(tx, actor, networkId),
      // Keys of older versions remember nothing: the actor named the id itself.
      show: (stored: StoredNetwork | null) => stored === null || readable(actor, ofStored(stored)),
      limits: TRANSACTION_LIMITS,
    });
    this.outbox.notify();
    return networkId;
  }

  private async assertDepartmentExists(departmentId: string): Promise<void> {
    const { departments } = await this.requests.call(findDepartments, { departmentIds: [departmentId] });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
  }

  private async insert(
    tx: Transaction,
    asked: { departmentId: string; name: string; cidr: string | null },
    platform: readonly string[],
  ): Promise<StoredNetwork> {
    const { departmentId, name } = asked;
    if (await this.networks.isNameTaken(tx, departmentId, name)) throw new DomainError('NAME_TAKEN', { name });
    const cidr = await this.ranges.allocate(tx, departmentId, asked.cidr, platform);
    const network = await this.networks.create(tx, { departmentId, name, cidr });
    const data = { networkId: network.id, name, cidr };
    await appendToOutbox(tx, [
      newEvent(networkCreated, { departmentId, resource: { kind: 'network', id: network.id }, data }),
    ]);
    return toStored(network);
  }

  private async remove(tx: Transaction, actor: Actor, networkId: string): Promise<StoredNetwork> {
    const network = readable(actor, await this.networks.lock(tx, networkId));
    if (!can(actor, 'delete', { kind: 'network', departmentId: network.departmentId }))
      throw new DomainError('FORBIDDEN');
    if ((await tx.port.count({ where: { networkId } })) > 0) throw new DomainError('NETWORK_IN_USE', { networkId });
    await this.hostNetworks.release(tx, networkId);
    await this.networks.delete(tx, networkId);
    const { departmentId, name } = network;
    const resource = { kind: 'network', id: networkId };
    await appendToOutbox(tx, [newEvent(networkDeleted, { departmentId, resource, data: { networkId, name } })]);
    return toStored(network);
  }
}

/** What a repeated call is answered from when the network is gone. */
type StoredNetwork = Omit<Network, 'createdAt'> & { readonly createdAt: string };

const toStored = (network: Network): StoredNetwork => ({ ...network, createdAt: network.createdAt.toISOString() });
const ofStored = (stored: StoredNetwork): Network => ({ ...stored, createdAt: new Date(stored.createdAt) });
