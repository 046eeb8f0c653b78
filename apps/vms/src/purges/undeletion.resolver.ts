import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { VmActionInput } from '../vm-changes/vm.inputs.js';
import { Vm } from '../vms/vm.model.js';
import { UndeletionService } from './undeletion.service.js';

@Resolver(() => Vm)
export class UndeletionResolver {
  constructor(private readonly service: UndeletionService) {}

  @Authorize()
  @Mutation(() => Vm, {
    description:
      'Takes back that a VM is going to be deleted (softDeleteVm). It has all that it had, and stays off until somebody starts it. One that is not going to be deleted stays as it is. Errors: VM_NOT_FOUND (it is gone), VM_BUSY (it is being deleted), INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  undeleteVm(@Args('input') input: VmActionInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.undelete(actor, input);
  }
}
