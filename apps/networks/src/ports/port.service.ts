import { readableDepartments } from '@infinibay/access-domain';
import type { Actor } from '@infinibay/contracts';
import { connectionOf, type Connection, type Page } from '@infinibay/platform-graphql';
import { onlyUuids } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Port } from '../generated/prisma/client.js';
import { PortRepository } from './port.repository.js';

/** Ports as people read them. */
@Injectable()
export class PortService {
  constructor(private readonly ports: PortRepository) {}

  async readableByIds(actor: Actor, ids: readonly string[]): Promise<ReadonlyMap<string, Port>> {
    const found = await this.ports.findReadable(onlyUuids(ids), readableDepartments(actor));
    return new Map(found.map((port) => [port.id, port]));
  }

  /** The ports of those VMs that belong to departments which the actor may read. */
  async ofVms(actor: Actor, vmIds: readonly string[], first: number): Promise<ReadonlyMap<string, Port[]>> {
    const ports = await this.ports.listOfVms(onlyUuids(vmIds), readableDepartments(actor));
    const byVm = Map.groupBy(ports, (port) => port.vmId);
    return new Map([...byVm].map(([vmId, its]) => [vmId, its.slice(0, first)]));
  }

  /** For services, which ask for no department. */
  ofVm(vmId: string): Promise<Port[]> {
    return this.ports.listOfVm(vmId);
  }

  /** @param networkId a network that the actor may read. */
  async ofNetwork(networkId: string, page: Page): Promise<Connection<Port>> {
    const { rows, totalCount } = await this.ports.pageOfNetwork(networkId, page);
    return connectionOf(rows, page, totalCount);
  }
}
