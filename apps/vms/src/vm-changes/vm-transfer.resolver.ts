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
      'Gives a VM to another member of its department, in any state, unless it is going to be deleted; what runs on it notices nothing. Its volumes keep their owners, its revisions and operations those who asked for them. Errors: VM_NOT_FOUND, VM_BUSY (it is being deleted), DELETION_SCHEDULED, USER_NOT_FOUND (no member of the department, or one who may not sign in), SERVICE_UNAVAILABLE (the users service does not answer: repeat with the same key), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  transferVm(@Args('input') input: TransferVmInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.transfer(actor, input);
  }
}
