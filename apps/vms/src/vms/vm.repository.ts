import { departmentWhere, type DepartmentScope } from '@infinibay/access-domain';
import { DomainError } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import { PrismaClient, type Transaction } from '../database.js';
import type { Prisma, Vm } from '../generated/prisma/client.js';
import type { VmFacts } from './vm-facts.js';
import { refusingTwins } from './taken-names.js';
import { metadataOf } from './vm-metadata.js';

/** What of a VM may become something else. */
export type VmUpdate = Omit<Prisma.VmUncheckedUpdateInput, 'id' | 'fence'>;

export type NewVm = Omit<Prisma.VmUncheckedCreateInput, 'name' | 'activeName' | 'deletionProtected' | 'metadata'>;

/** To readers deleted VMs are gone. */
@Injectable()
export class VmRepository {
  constructor(private readonly database: PrismaClient) {}

  find(id: string, scope: DepartmentScope): Promise<Vm | null> {
    return this.database.vm.findFirst({ where: { id, ...living(scope) } });
  }

  findMany(ids: readonly string[], scope: DepartmentScope): Promise<Vm[]> {
    return this.database.vm.findMany({ where: { id: { in: [...ids] }, ...living(scope) } });
  }

  /** The row, also of a VM that is gone. */
  findRow(id: string): Promise<Vm | null> {
    return this.database.vm.findUnique({ where: { id } });
  }

  /** @throws DomainError NAME_TAKEN */
  create(tx: Transaction, said: VmFacts, vm: NewVm): Promise<Vm> {
    const { name, deletionProtected } = said;
    const metadata = { create: metadataOf(name, said) };
    const data = { ...vm, name, activeName: name, deletionProtected, metadata };
    return refusingTwins(name, () => tx.vm.create({ data }));
  }

  async update(tx: Transaction, id: string, data: VmUpdate): Promise<void> {
    await tx.vm.update({ where: { id }, data });
  }

  /** @throws DomainError NAME_TAKEN */
  async rename(tx: Transaction, id: string, name: string): Promise<void> {
    await refusingTwins(name, () => tx.vm.update({ where: { id }, data: { name, activeName: name } }));
  }

  /** To another department. @throws DomainError NAME_TAKEN */
  async move(tx: Transaction, { id, name }: Pick<Vm, 'id' | 'name'>, data: VmUpdate): Promise<void> {
    await refusingTwins(name, () => tx.vm.update({ where: { id }, data }));
  }

  /** @throws DomainError NAME_TAKEN */
  async requireFreeName(tx: Transaction, departmentId: string, name: string): Promise<void> {
    const twin = await tx.vm.findFirst({ where: { departmentId, activeName: name }, select: { id: true } });
    if (twin !== null) throw new DomainError('NAME_TAKEN', { name });
  }

  /**
   * What its disk is to be copied for yet, or is being copied for: a clone, or an image; null: nothing.
   * @param id of a VM that is locked: none more is accepted
   */
  async copiedFor(tx: Transaction, id: string): Promise<'CLONE_VM' | 'CAPTURE_IMAGE' | null> {
    if (await this.isBeingCloned(tx, id)) return 'CLONE_VM';
    const where: Prisma.ImageWhereInput = { sourceVmId: id, state: 'CAPTURING' };
    return (await tx.image.findFirst({ where, select: { id: true } })) === null ? null : 'CAPTURE_IMAGE';
  }

  private async isBeingCloned(tx: Transaction, id: string): Promise<boolean> {
    const where: Prisma.VmWhereInput = {
      cloneSourceId: id,
      diskBuiltAt: null,
      state: { in: ['BUILDING', 'STARTING'] },
    };
    return (await tx.vm.findFirst({ where, select: { id: true } })) !== null;
  }

  /** Whether its disk would be copied if somebody started a clone that failed, or is being copied. */
  async owesCopy(tx: Transaction, id: string): Promise<boolean> {
    const where: Prisma.VmWhereInput = { cloneSourceId: id, diskBuiltAt: null, state: { not: 'DELETED' } };
    return (await tx.vm.findFirst({ where, select: { id: true } })) !== null;
  }

  /** Whether it is not certain yet which host it is on. @param id of a VM that is locked */
  async isOnItsWay(tx: Transaction, id: string): Promise<boolean> {
    const where: Prisma.VmMigrationWhereInput = { vmId: id, phase: { in: ['PREPARING', 'MOVING', 'ARRIVED'] } };
    return (await tx.vmMigration.count({ where })) > 0;
  }

  /** The row, locked until the transaction ends. */
  async lock(tx: Transaction, id: string): Promise<Vm | null> {
    await tx.$queryRaw`SELECT id FROM vms WHERE id = ${id}::uuid FOR UPDATE`;
    return tx.vm.findUnique({ where: { id } });
  }
}

const living = (scope: DepartmentScope): Prisma.VmWhereInput => ({
  ...departmentWhere(scope),
  state: { not: 'DELETED' },
});
