import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { parseIpv4 } from '@infinibay/networks-domain';
import type { Page } from '@infinibay/platform-graphql';
import { Injectable } from '@nestjs/common';
import { Database, type Transaction } from '../database.js';
import type { Port, Prisma } from '../generated/prisma/client.js';

/** As in the contract that hands a VM's cards to its host. */
const MAX_PORTS_OF_VM = 16;

/** The first port of a VM first; those of a VM that never had others are in the order in which it received them. */
const IN_ORDER: Prisma.PortOrderByWithRelationInput[] = [{ position: 'asc' }, { createdAt: 'asc' }, { id: 'asc' }];

@Injectable()
export class PortRepository {
  constructor(private readonly database: Database) {}

  findReadable(ids: readonly string[], scope: DepartmentScope): Promise<Port[]> {
    return this.database.port.findMany({ where: { id: { in: [...ids] }, ...departmentWhere(scope) } });
  }

  listOfVms(vmIds: readonly string[], scope: DepartmentScope): Promise<Port[]> {
    return this.database.port.findMany({
      where: { vmId: { in: [...vmIds] }, ...departmentWhere(scope) },
      orderBy: IN_ORDER,
      // A VM's definition holds no more cards.
      take: MAX_PORTS_OF_VM * vmIds.length,
    });
  }

  listOfVm(vmId: string): Promise<Port[]> {
    return this.database.port.findMany({ where: { vmId }, orderBy: IN_ORDER, take: MAX_PORTS_OF_VM });
  }

  /** One row more than the page has, and the count of all. */
  async pageOfNetwork(networkId: string, page: Page): Promise<{ rows: Port[]; totalCount: number }> {
    const where = { networkId };
    const [rows, totalCount] = await Promise.all([
      this.database.port.findMany({
        where: page.after === undefined ? where : { ...where, id: { gt: page.after } },
        orderBy: { id: 'asc' },
        take: page.first + 1,
      }),
      this.database.port.count({ where }),
    ]);
    return { rows, totalCount };
  }

  findOfVm(tx: Transaction, vmId: string, networkId: string): Promise<Port | null> {
    return tx.port.findUnique({ where: { vmId_networkId: { vmId, networkId } } });
  }

  async takenAddresses(tx: Transaction, networkId: string): Promise<ReadonlySet<number>> {
    const rows = await tx.port.findMany({ where: { networkId }, select: { address: true } });
    return new Set(rows.map((row) => parseIpv4(row.address)).filter((address) => address !== null));
  }

  async isMacTaken(tx: Transaction, mac: string): Promise<boolean> {
    return (await tx.port.count({ where: { mac } })) > 0;
  }

  create(tx: Transaction, port: Omit<Port, 'createdAt'>): Promise<Port> {
    return tx.port.create({ data: port });
  }

  update(tx: Transaction, id: string, change: Pick<Port, 'hostId' | 'hostname'>): Promise<Port> {
    return tx.port.update({ where: { id }, data: change });
  }

  countOfVm(tx: Transaction, vmId: string): Promise<number> {
    return tx.port.count({ where: { vmId } });
  }

  /** Puts its ports in the order of their networks. */
  async order(tx: Transaction, vmId: string, networkIds: readonly string[]): Promise<void> {
    for (const [position, networkId] of networkIds.entries())
      await tx.port.updateMany({ where: { vmId, networkId, position: { not: position } }, data: { position } });
  }

  /** @param keptNetworkIds networks in which it keeps its ports */
  async deleteOfVm(tx: Transaction, vmId: string, keptNetworkIds: readonly string[]): Promise<Port[]> {
    const where = { vmId, networkId: { notIn: [...keptNetworkIds] } };
    const ports = await tx.port.findMany({ where });
    await tx.port.deleteMany({ where });
    return ports;
  }
}
