import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { ChangeableVms } from '../vm-changes/changeable-vms.js';
import { SoftDeletion } from '../vm-changes/soft-deletion.js';
import { VmAction } from '../vm-changes/vm.inputs.js';
import type { Vm } from '../vms/vm.model.js';
import { VmRepository } from '../vms/vm.repository.js';

/** Takes VMs back that were going to be deleted. No operation: it holds with the commit. */
@Injectable()
export class UndeletionService {
  constructor(
    private readonly change: Change,
    private readonly vms: VmRepository,
    private readonly changeable: ChangeableVms,
    private readonly deletions: SoftDeletion,
  ) {}

  /** What is not going to be deleted is as it shall be. @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY */
  undelete(actor: Actor, rawInput: unknown): Promise<Vm> {
    const { idempotencyKey: key, ...input } = validateInput(VmAction, rawInput);
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const show = (vmId: string): Promise<Vm> => this.changeable.show(actor, vmId);
    return this.change.commit({ actor, operation: 'undeleteVm', key, input, resourceKind: 'vm', show }, async (tx) => {
      const vm = await this.lock(tx, actor, input.vmId);
      return { answer: vm.id, resourceId: vm.id, events: await this.deletions.cancel(tx, vm) };
    });
  }

  private async lock(tx: Transaction, actor: Actor, vmId: string): Promise<VmRow> {
    const vm = await this.vms.lock(tx, vmId);
    if (vm === null || vm.state === 'DELETED' || !can(actor, 'delete', { kind: 'vm', departmentId: vm.departmentId }))
      throw new DomainError('VM_NOT_FOUND');
    if (vm.state === 'DELETING') throw new DomainError('VM_BUSY', { state: vm.state });
    return vm;
  }
}
