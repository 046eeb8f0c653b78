import { DomainError, type EventEnvelope } from '@infinibay/contracts';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { OperationRepository, type OpenOperation } from '../operations/operation.repository.js';
import { QuotaAdmission } from '../quotas/quota.admission.js';
import { canSettleIn } from '../vms/settling-in.js';
import { joinedEvent, leftEvent } from '../vms/vm.events.js';
import { VmRepository } from '../vms/vm.repository.js';
import { VmRevisionRepository } from '../vms/vm-revision.repository.js';
import { specWithCard, stillApplied, type Cards } from '../vms/vm-spec.js';
import { TransferredGoods, type Goods } from './transferred-goods.js';

/** That a VM is of another department, with all that goes along. The VM is locked by whoever asks. */
@Injectable()
export class DepartmentChange {
  constructor(
    private readonly vms: VmRepository,
    private readonly goods: TransferredGoods,
    private readonly revisions: VmRevisionRepository,
    private readonly operations: OperationRepository,
    private readonly quotas: QuotaAdmission,
  ) {}

  /**
   * Whether it may go there now. Nothing is promised by that: it is asked once more when it goes.
   * @throws DomainError VM_BUSY, VOLUME_BUSY, PORT_BUSY, SNAPSHOT_BUSY, SNAPSHOT_HOLDS_MEMORY, NAME_TAKEN, QUOTA_EXCEEDED
   */
  async accept(tx: Transaction, vm: VmRow, departmentId: string): Promise<void> {
    if (vm.departmentId === departmentId) throw new DomainError('VM_BUSY', { reason: 'it is there already' });
    if (vm.diskBuiltAt === null) throw new DomainError('VM_BUSY', { state: vm.state, reason: 'it has no disk' });
    await this.admit(tx, vm, departmentId);
    await this.vms.update(tx, vm.id, { toSettleIn: true });
  }

  /**
   * It is there, in one commit with the step that has got its card there. Nothing, when a worker before has recorded
   * that, or nobody waits for it any more.
   * @param cards what the step has found of them
   * @throws DomainError as accept(): the department may have got fuller since
   */
  async record(
    tx: Transaction,
    vm: VmRow,
    open: OpenOperation | null,
    cards: Cards | undefined,
  ): Promise<EventEnvelope[]> {
    const { departmentId, networkId, ownerId } = open?.parameters ?? {};
    if (open === null || departmentId === undefined || networkId === undefined || ownerId === undefined) return [];
    if (vm.departmentId === departmentId || (await this.operations.openId(tx, vm.id)) !== open.id) return [];
    const goods = await this.admit(tx, vm, departmentId);
    await this.revisions.keepFirst(tx, vm);
    await this.keepLink(tx, vm, open.actorId, cards);
    const { cdromImageId } = goods;
    await this.vms.move(tx, vm, { departmentId, networkId, wantedNetworkId: networkId, ownerId, cdromImageId });
    await this.goods.move(tx, vm.id, goods, { departmentId, ownerId });
    return [leftEvent(vm), joinedEvent({ ...vm, departmentId, ownerId })];
  }

  /** A link that is down is so at the card that it gets, as a revision of who transfers it. */
  private async keepLink(tx: Transaction, vm: VmRow, actorId: string, cards: Cards | undefined): Promise<void> {
    if (cards === undefined) throw new DomainError('INTERNAL', { reason: 'transferred before it got its card' });
    const spec = specWithCard(await this.revisions.current(tx, vm), vm, cards);
    // Its definition is made anew there, and until then has the card of before.
    await this.revisions.declare(tx, vm, spec, { actorId, operation: 'TRANSFER_VM' }, stillApplied(vm));
  }

  /** Its definition is of where it is, and what it had elsewhere is freed. Not so, if somebody has asked for something since: that may be the next transfer. */
  async settled(tx: Transaction, vm: VmRow, open: OpenOperation | null): Promise<void> {
    if (!canSettleIn(vm) || (await this.operations.openId(tx, vm.id)) !== (open?.id ?? null)) return;
    await this.vms.update(tx, vm.id, { toSettleIn: false });
  }

  private async admit(tx: Transaction, vm: VmRow, departmentId: string): Promise<Goods> {
    // Its disk would be copied into the department that it has left.
    if (await this.vms.owesCopy(tx, vm.id)) throw new DomainError('VM_BUSY', { operation: 'CLONE_VM' });
    const goods = await this.goods.admit(tx, vm, departmentId);
    await this.vms.requireFreeName(tx, departmentId, vm.name);
    const { vcpus, memoryMib } = vm;
    // Last: nothing else may be waited for under these locks.
    const usage = { vms: 1, vcpus, memoryMib, diskGib: goods.diskGib };
    await this.quotas.admitMove(tx, vm.departmentId, departmentId, usage);
    return goods;
  }
}
