import { can } from '@infinibay/access-domain';
import { DomainError, type Actor } from '@infinibay/contracts';
import {
  actionOf,
  desiredState,
  retriedKind,
  saidAgain,
  staysInError,
  type OperationKind,
  type Parameters,
} from '@infinibay/vms-domain';
import { Injectable } from '@nestjs/common';
import type { Transaction } from '../database.js';
import type { Vm as VmRow } from '../generated/prisma/client.js';
import { OperationRepository } from '../operations/operation.repository.js';

/** From a VM in error to what its retry does again. The VM is locked by whoever asks. */
@Injectable()
export class VmRetry {
  constructor(private readonly operations: OperationRepository) {}

  /** @throws DomainError VM_NOT_FOUND, DELETION_PROTECTED, SUSPENDED_GUEST_LOST, REVERT_UNFINISHED */
  async named(tx: Transaction, vm: VmRow, actor: Actor): Promise<Parameters> {
    const { id, errorCode, errorSince } = vm;
    if (errorCode !== null && staysInError(errorCode)) throw new DomainError(errorCode, { vmId: id });
    const retries = retriedKind({
      desired: desiredState(vm.desired),
      isBuilt: vm.diskBuiltAt !== null,
      isClone: vm.cloneSourceId !== null,
    });
    requireAllowed(vm, actor, retries);
    const failed = errorSince === null ? null : await this.operations.failedSince(tx, id, errorSince);
    return { ...(failed === null ? {} : saidAgain(failed, retries)), retries };
  }
}

/** As whoever would ask for it now. */
const requireAllowed = ({ departmentId, deletionProtected }: VmRow, actor: Actor, retries: OperationKind): void => {
  const { permission, destroys } = actionOf(retries);
  if (!can(actor, permission, { kind: 'vm', departmentId })) throw new DomainError('VM_NOT_FOUND');
  if (destroys === true && deletionProtected) throw new DomainError('DELETION_PROTECTED');
};
