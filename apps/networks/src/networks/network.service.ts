import { can, readableDepartments } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { connectionOf, type Connection, type Page } from '@infinibay/platform-graphql';
import { isUuid, onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Network } from '../generated/prisma/client.js';
import { NetworkRepository } from './network.repository.js';

/** Networks as people read them, and as other services ask for them. */
@Injectable()
export class NetworkService {
  constructor(private readonly networks: NetworkRepository) {}

  /** @throws DomainError NETWORK_NOT_FOUND, also for one of a department that the actor may not read. */
  async get(actor: Actor, id: string): Promise<Network> {
    const network = isUuid(id) ? await this.networks.find(id) : null;
    return readable(actor, network);
  }

  async readableByIds(actor: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, Network>> {
    const found = await this.networks.findReadable(onlyUuids(ids), readableDepartments(actor));
    return new Map(found.map((network) => [network.id, network]));
  }

  async page(actor: Actor, page: Page, departmentId: string | undefined): Promise<Connection<Network>> {
    if (departmentId !== undefined) assertDepartment(actor, 'read', departmentId);
    const { rows, totalCount } = await this.networks.page(page, readableDepartments(actor), departmentId);
    return connectionOf(rows, page, totalCount);
  }

  /** The networks of those departments that the actor may read. */
  async ofDepartments(
    actor: Actor,
    departmentIds: readonly string[],
    first: number,
  ): Promise<ReadonlyMap<string, Network[]>> {
    const allowed = onlyUuids(departmentIds).filter((id) => can(actor, 'read', { kind: 'network', departmentId: id }));
    const networks = await this.networks.listOfDepartments(allowed, first);
    return Map.groupBy(networks, (network) => network.departmentId);
  }

  /**
   * The network that a new VM of a department gets: the one asked for, or its oldest.
   * @throws DomainError NETWORK_NOT_FOUND, NETWORK_REQUIRED
   */
  async select(departmentId: string, networkId: string | null): Promise<Network> {
    if (networkId === null) {
      const oldest = await this.networks.oldestOf(departmentId);
      if (oldest === null) throw new DomainError('NETWORK_REQUIRED', { departmentId });
      return oldest;
    }
    const network = await this.networks.find(networkId);
    if (network?.departmentId !== departmentId) throw new DomainError('NETWORK_NOT_FOUND', { networkId });
    return network;
  }
}

/** @throws DomainError NETWORK_NOT_FOUND */
export const readable = (actor: Actor, network: Network | null): Network => {
  if (network === null || !can(actor, 'read', { kind: 'network', departmentId: network.departmentId })) {
    throw new DomainError('NETWORK_NOT_FOUND');
  }
  return network;
};

/**
 * A department that the actor has nothing to do with is as unknown as one that does not exist.
 * @throws DomainError DEPARTMENT_NOT_FOUND
 */
export const assertDepartment = (actor: Actor, verb: 'read' | 'create', departmentId: string): void => {
  if (!isUuid(departmentId) || !can(actor, verb, { kind: 'network', departmentId }))
    throw new DomainError('DEPARTMENT_NOT_FOUND', { departmentId });
};
