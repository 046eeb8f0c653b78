import { DomainError, type Actor } from '@infinibay/contracts';
import { validateInput } from '@infinibay/platform-graphql';
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
import { TransferTargets, type TransferTarget } from './transfer-target.js';
import { VmChangesService } from './vm-changes.service.js';
import { TransferVm } from './vm-transfer.inputs.js';

/**
 * Whom a VM belongs to. Within its department that holds with the commit: no host knows of owners. To another department
 * it is an operation.
 */
@Injectable()
export class VmTransferService {
  constructor(
    private readonly change: Change,
    private readonly changeable: ChangeableVms,
    private readonly targets: TransferTargets,
    private readonly vms: VmRepository,
    private readonly revisions: VmRevisionRepository,
    private readonly changes: VmChangesService,
  ) {}

  /** @throws DomainError INVALID_INPUT, what TransferTargets throws, and what VmChangesService.take throws */
  transfer(actor: Actor, rawInput: unknown): Promise<Vm> {
    const said = validateInput(TransferVm, rawInput);
    const { idempotencyKey: key, ...input } = said;
    if (!isUuid(input.vmId)) throw new DomainError('VM_NOT_FOUND');
    const prepare = (): Promise<TransferTarget> => this.targets.find(actor, said);
    const show = (id: string): Promise<Vm> => this.changeable.show(actor, id);
    const wake = (): void => {
      this.changes.wake();
    };
    const asked = { actor, operation: 'transferVm', verb: verbOf(input), key, input, resourceKind: 'vm' };
    return this.change.commit({ ...asked, prepare, show, wake }, async (tx, { ownerId, from, to }) => {
      if (to === null) return this.give(tx, await this.lock(tx, actor, input.vmId, from), ownerId);
      const parameters = { ...to, ownerId };
      const effect = await this.changes.take(tx, { kind: 'TRANSFER_VM', actor, key, parameters }, input);
      return { ...effect, answer: effect.answer.vmId };
    });
  }

  /** One that has gone to another department since its members were asked for is not given to any of them. */
  private async lock(tx: Transaction, actor: Actor, vmId: string, from: string): Promise<VmRow> {
    const vm = await this.changeable.lock(tx, actor, 'update', vmId);
    if (vm.departmentId !== from) throw new DomainError('VM_BUSY', { reason: 'it has gone to another department' });
    return vm;
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

/** The audit outlives the events, and would not say to whom. */
const verbOf = ({ departmentId, ownerId }: Pick<TransferVm, 'departmentId' | 'ownerId'>): string =>
  ['transferVm', departmentId, ownerId].filter((part) => part === 'transferVm' || isUuid(part ?? '')).join(':');
