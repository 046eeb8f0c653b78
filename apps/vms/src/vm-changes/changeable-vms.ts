import { can, readableDepartments, type Verb } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { toVm } from '../vms/vm.mapper.js';
import type { Vm } from '../vms/vm.model.js';
import { refuseWhileScheduled } from '../vms/scheduled-deletion.js';
import { VmRepository } from '../vms/vm.repository.js';

/** VMs as mutations see them that are no operations: what they change holds with the commit. */
@Injectable()
export class ChangeableVms {
  constructor(private readonly vms: VmRepository) {}

  /**
   * The row, locked until the transaction ends: what comes at once is done one after the other, also a deletion.
   * @throws DomainError VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED
   */
  async lock(tx: Transaction, actor: Actor, verb: Verb, vmId: string): Promise<VmRow> {
    return changeable(await this.vms.lock(tx, vmId), actor, verb);
  }

  /**
   * The row as it is now, for what must be asked before the transaction begins.
   * @throws DomainError VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED
   */
  async find(actor: Actor, verb: Verb, vmId: string): Promise<VmRow> {
    return changeable(await this.vms.findRow(vmId), actor, verb);
  }

  /**
   * The answer. A repeated call may come after the VM is gone: its row stays and still answers.
   * @throws DomainError VM_NOT_FOUND
   */
  async show(actor: Actor, vmId: string): Promise<Vm> {
    const row = await this.vms.findRow(vmId);
    const scope = readableDepartments(actor);
    if (row === null || !(scope.all || scope.departmentIds.includes(row.departmentId)))
      throw new DomainError('VM_NOT_FOUND');
    return toVm(row);
  }
}

const changeable = (vm: VmRow | null, actor: Actor, verb: Verb): VmRow => {
  if (vm === null || vm.state === 'DELETED' || !can(actor, verb, { kind: 'vm', departmentId: vm.departmentId }))
    throw new DomainError('VM_NOT_FOUND');
  if (vm.state === 'DELETING') throw new DomainError('VM_BUSY', { state: vm.state });
  refuseWhileScheduled(vm);
  return vm;
};
