import { DomainError, findMembers, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
import { RequestClient } from '@infinibay/platform-messaging';
import { databaseNow } from '@infinibay/platform-persistence';
import { isUuid, type MutationEffect } from '@infinibay/platform-subgraph';
import { Injectable } from '@nestjs/common';
import { Change, type Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { transferredEvent } from '../vms/vm.events.js';
import type { Vm } from '../vms/vm.model.js';
import { VmRepository } from '../vms/vm.repository.js';
import { VmRevisionRepository } from '../vms/vm-revision.repository.js';
import { ChangeableVms } from './changeable-vms.js';
import { TransferVm } from './vm-transfer.inputs.js';

/** Whom a VM belongs to. No operation: no host knows of owners, so it holds with the commit. */
@Injectable()
export class VmTransferService {
  constructor(
    private readonly change: Change,
    private readonly changeable: ChangeableVms,
    private readonly vms: VmRepository,
    private readonly revisions: VmRevisionRepository,
    private readonly requests: RequestClient,
  ) {}

  /** @throws DomainError INVALID_INPUT, VM_NOT_FOUND, VM_BUSY, DELETION_SCHEDULED, USER_NOT_FOUND, and that users does not answer */
  transfer(actor: Actor, rawInput: unknown): Promise<Vm> {
    const { idempotencyKey: key, ...input } = validateInput(TransferVm, rawInput);
    const { vmId, ownerId } = input;
    if (!isUuid(vmId)) throw new DomainError('VM_NOT_FOUND');
    const prepare = (): Promise<void> => this.requireMember(actor, vmId, ownerId);
    const show = (id: string): Promise<Vm> => this.changeable.show(actor, id);
    // The audit outlives the event, and would not say to whom.
    const verb = isUuid(ownerId) ? `transferVm:${ownerId}` : 'transferVm';
    const asked = { actor, operation: 'transferVm', verb, key, input, resourceKind: 'vm', prepare, show };
    return this.change.commit(asked, async (tx) =>
      this.give(tx, await this.changeable.lock(tx, actor, 'update', vmId), ownerId),
    );
  }

  /**
   * The VM is looked at first: who may not see it learns nothing of who is a member. Whoever leaves the department after
   * this was asked keeps what they own, as everybody who leaves does.
   */
  private async requireMember(actor: Actor, vmId: string, ownerId: string): Promise<void> {
    const { departmentId } = await this.changeable.find(actor, 'update', vmId);
    if (!isUuid(ownerId)) throw new DomainError('USER_NOT_FOUND');
    const { userIds } = await this.requests.call(findMembers, { departmentId, userIds: [ownerId] });
    if (userIds.length === 0) throw new DomainError('USER_NOT_FOUND');
  }

  /** What is so already is not written, and nobody is told of it. */
  private async give(tx: Transaction, vm: VmRow, ownerId: string): Promise<MutationEffect<string>> {
    const done = { answer: vm.id, resourceId: vm.id };
    if (vm.ownerId === ownerId) return { ...done, events: [] };
    await this.revisions.keepFirst(tx, vm);
    await this.vms.update(tx, vm.id, { ownerId, updatedAt: await databaseNow(tx) });
    return { ...done, events: [transferredEvent(vm, ownerId)] };
  }
}
