import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { TransferVmInput } from './vm-transfer.inputs.js';
import { VmTransferService } from './vm-transfer.service.js';

@Resolver(() => Vm)
export class VmTransferResolver {
  constructor(private readonly service: VmTransferService) {}

  @Authorize()
  @Mutation(() => Vm, {
    description:
      "Gives a VM to another member of its department, in any state, unless it is going to be deleted; what runs on it notices nothing. Its volumes keep their owners, its revisions and operations those who asked for them. With departmentId it goes to another department, as an operation (TRANSFER_VM, the newest of the VM's operations), with its volumes, which get its owner, and its snapshots: it must be off, and its card, address and firewall rules are those of that department from then on; see docs/decisions/0045. Errors: VM_NOT_FOUND, VM_BUSY (it is being deleted; to another department also one that is not off, or of which something else is asked), DELETION_SCHEDULED, USER_NOT_FOUND (no member of the department, or one who may not sign in), SERVICE_UNAVAILABLE (users or networks does not answer: repeat with the same key), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED. To another department also: DEPARTMENT_NOT_FOUND, NETWORK_NOT_FOUND, NETWORK_REQUIRED, VM_MEMORY_SAVED, VOLUME_BUSY, SNAPSHOT_BUSY, SNAPSHOT_HOLDS_MEMORY, NAME_TAKEN (the VM's, or a volume's), QUOTA_EXCEEDED; the operation may end with these too, and with ADDRESSES_EXHAUSTED",
  })
  transferVm(@Args('input') input: TransferVmInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.transfer(actor, input);
  }
}
