import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import { isUuid } from '@infinibay/platform-subgraph';
import { actionOf, isAllowed, requireNoFirmwareState } from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';
import { refuseWhileScheduled } from '../vms/scheduled-deletion.js';
import { hardwareOf } from '../vms/vm-hardware.js';
import { VmRepository } from '../vms/vm.repository.js';

/** Its disk is read as that of a VM that is cloned: what holds of that one holds of this. */
const LIKE = 'CLONE_VM';

/** The VM that an image is made of. */
@Injectable()
export class CaptureSource {
  constructor(
    private readonly vms: VmRepository,
    private readonly operations: OperationRepository,
  ) {}

  /**
   * The VM, locked until the transaction ends: what is asked of it after that finds the image. Another copy of its disk
   * may be made at the same time.
   * @throws DomainError VM_NOT_FOUND, DELETION_SCHEDULED, VM_BUSY, VM_MEMORY_SAVED, FIRMWARE_STATE_NOT_COPIED
   */
  async lock(tx: Transaction, actor: Actor, vmId: string): Promise<VmRow> {
    const vm = isUuid(vmId) ? await this.vms.lock(tx, vmId) : null;
    if (vm === null || vm.state === 'DELETED' || !mayCopy(actor, vm)) throw new DomainError('VM_NOT_FOUND');
    refuseWhileScheduled(vm);
    const { state } = vm;
    if (!isAllowed(LIKE, state)) throw new DomainError('VM_BUSY', { state });
    const open = await this.operations.open(vm.id, tx);
    if (open !== null) throw new DomainError('VM_BUSY', { state, operation: open.kind });
    if (await this.vms.isOnItsWay(tx, vm.id))
      throw new DomainError('VM_BUSY', { state, reason: 'it is being moved to another host' });
    if (vm.diskBuiltAt === null) throw new DomainError('VM_BUSY', { state, reason: 'it has no disk' });
    // Its guest still has in memory what its disk lacks.
    if (vm.savedAt !== null) throw new DomainError('VM_MEMORY_SAVED');
    requireNoFirmwareState(hardwareOf(vm));
    return vm;
  }
}

/** Whoever may do that may make images for the department too. */
const mayCopy = (actor: Actor, { departmentId }: VmRow): boolean =>
  can(actor, actionOf(LIKE).permission, { kind: 'vm', departmentId }) &&
  can(actor, 'create', { kind: 'image', departmentId });
