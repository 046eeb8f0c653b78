import { newId } from '@infinibay/platform-persistence';
import { FIRST_SLOT, requirePortsAtRest, type PortsOfVm } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm, VmPort } from '../generated/prisma/client.js';

type Reader = Pick<Transaction, 'vmPort'>;

/** Ports of VMs beside their first ones, and those that shall go. They are changed under the lock of their VM. */
@Injectable()
export class VmPortRepository {
  constructor(private readonly database: PrismaClient) {}

  /** In the order in which it has had them. */
  ofVm(vmId: string, tx: Reader = this.database): Promise<VmPort[]> {
    return tx.vmPort.findMany({ where: { vmId }, orderBy: [{ createdAt: 'asc' }, { slot: 'asc' }] });
  }

  /** With the first one; null when networks has not been asked for that yet. */
  async allOf(tx: Reader, { id, networkId }: Pick<Vm, 'id' | 'networkId'>): Promise<PortsOfVm<VmPort> | null> {
    return networkId === null ? null : { networkId, rows: await this.ofVm(id, tx) };
  }

  /** @throws DomainError PORT_BUSY */
  async requireAtRest(tx: Reader, vmId: string): Promise<void> {
    requirePortsAtRest(await this.ofVm(vmId, tx));
  }

  async areUnfinished(tx: Reader, vmId: string): Promise<boolean> {
    const where: Prisma.VmPortWhereInput = { vmId, attachment: { not: 'ATTACHED' } };
    return (await tx.vmPort.findFirst({ where, select: { id: true } })) !== null;
  }

  /** One that shall come. @param replacesNetworkId the network of the port that goes when it has */
  async add(
    tx: Reader,
    vmId: string,
    networkId: string,
    slot: number,
    replacesNetworkId: string | null = null,
  ): Promise<void> {
    const place = { vmId, networkId, slot, replacesNetworkId };
    await tx.vmPort.create({ data: { id: newId(), ...place, attachment: 'ATTACHING' } });
  }

  /** One that shall go. The first one gets a row by it. */
  async retire(tx: Reader, vmId: string, networkId: string): Promise<void> {
    const key = { vmId_networkId: { vmId, networkId } };
    const leaving = { attachment: 'DETACHING' } as const;
    const first = { id: newId(), vmId, networkId, slot: FIRST_SLOT };
    await tx.vmPort.upsert({ where: key, create: { ...first, ...leaving }, update: leaving });
  }

  /** One that should go stays. */
  async keep(tx: Reader, { id, slot }: VmPort): Promise<void> {
    if (slot === FIRST_SLOT) await this.remove(tx, id);
    else await this.update(tx, id, { attachment: 'ATTACHED' });
  }

  async update(
    tx: Reader,
    id: string,
    data: Pick<Prisma.VmPortUncheckedUpdateInput, 'attachment' | 'replacesNetworkId'>,
  ): Promise<void> {
    await tx.vmPort.update({ where: { id }, data });
  }

  async remove(tx: Reader, id: string): Promise<void> {
    await tx.vmPort.delete({ where: { id } });
  }

  /** A VM goes to another department, and has none but its first port there. */
  async removeAll(tx: Reader, vmId: string): Promise<void> {
    await tx.vmPort.deleteMany({ where: { vmId } });
  }

  /** Another VM has the same, from its first definition on. @throws DomainError PORT_BUSY */
  async copyAll(tx: Reader, fromVmId: string, toVmId: string): Promise<void> {
    const rows = await this.ofVm(fromVmId, tx);
    requirePortsAtRest(rows);
    const data = rows.map(({ networkId, slot, attachment, createdAt }) => ({
      id: newId(),
      vmId: toVmId,
      networkId,
      slot,
      attachment,
      createdAt,
    }));
    await tx.vmPort.createMany({ data });
  }
}
