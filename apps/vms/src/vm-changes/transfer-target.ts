import { can } from '@infinibay/access-domain';
import { DomainError, findDepartments, findMembers, selectNetwork, type Actor } from '@infinibay/contracts';
import { RequestClient } from '@infinibay/platform-messaging';
import { isUuid } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { ChangeableVms } from './changeable-vms.js';
import type { TransferVm } from './vm-transfer.inputs.js';

/** Whom a VM is given to, as users and networks were asked. */
export interface TransferTarget {
  readonly ownerId: string;
  /** The department that the VM was in then, which its owner is asked of. */
  readonly from: string;
  /** null: it stays in its department. */
  readonly to: { readonly departmentId: string; readonly networkId: string } | null;
}

/**
 * What users and networks say of whom a VM shall be given to. The VM is looked at before they are asked: who may not see
 * it learns nothing of who is a member where. No answer is no: nothing comes later that could refuse it then.
 */
@Injectable()
export class TransferTargets {
  constructor(
    private readonly changeable: ChangeableVms,
    private readonly requests: RequestClient,
  ) {}

  /**
   * @throws DomainError VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, INVALID_INPUT, DEPARTMENT_NOT_FOUND, USER_NOT_FOUND,
   * NETWORK_NOT_FOUND, NETWORK_REQUIRED, and that one of them does not answer
   */
  async find(actor: Actor, said: TransferVm): Promise<TransferTarget> {
    const vm = await this.changeable.find(actor, 'update', said.vmId);
    const { departmentId } = said;
    return departmentId === null || departmentId === vm.departmentId
      ? this.within(vm, said)
      : this.elsewhere(actor, vm, { ...said, departmentId });
  }

  private async within(vm: VmRow, { ownerId, networkId }: TransferVm): Promise<TransferTarget> {
    const { departmentId: from } = vm;
    if (ownerId === null)
      throw new DomainError('INVALID_INPUT', { field: 'ownerId', reason: 'it is in that department already' });
    if (networkId !== null)
      throw new DomainError('INVALID_INPUT', { field: 'networkId', reason: 'it stays in its department and network' });
    await this.requireMember(from, ownerId);
    return { ownerId, from, to: null };
  }

  private async elsewhere(
    actor: Actor,
    vm: VmRow,
    said: TransferVm & { readonly departmentId: string },
  ): Promise<TransferTarget> {
    const { departmentId, networkId } = said;
    if (!isUuid(departmentId) || !can(actor, 'create', { kind: 'vm', departmentId }))
      throw new DomainError('DEPARTMENT_NOT_FOUND');
    if (networkId !== null && !isUuid(networkId)) throw new DomainError('NETWORK_NOT_FOUND');
    const { departments } = await this.requests.call(findDepartments, { departmentIds: [departmentId] });
    if (departments.length === 0) throw new DomainError('DEPARTMENT_NOT_FOUND');
    const ownerId = said.ownerId ?? vm.ownerId;
    await this.requireMember(departmentId, ownerId);
    const selected = await this.requests.call(selectNetwork, { departmentId, networkId });
    return { ownerId, from: vm.departmentId, to: { departmentId, networkId: selected.networkId } };
  }

  /** Whoever leaves the department after this was asked keeps what they own, as everybody who leaves does. */
  private async requireMember(departmentId: string, ownerId: string): Promise<void> {
    if (!isUuid(ownerId)) throw new DomainError('USER_NOT_FOUND');
    const { userIds } = await this.requests.call(findMembers, { departmentId, userIds: [ownerId] });
    if (userIds.length === 0) throw new DomainError('USER_NOT_FOUND');
  }
}
