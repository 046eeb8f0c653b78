import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { SetVmCloudInitInput } from './cloud-init.inputs.js';
import { VmCloudInitService } from './vm-cloud-init.service.js';

@Resolver(() => Vm)
export class SetVmCloudInitResolver {
  constructor(private readonly service: VmCloudInitService) {}

  @Authorize()
  @Mutation(() => Vm, {
    description:
      'Says what cloud-init finds in the guest from its next start on, in the place of what was said before. A change gives the guest another instance-id, so that cloud-init does all of it again; the same again changes nothing. What cloud-init has done before is not undone: a user that is not named any more stays in the guest. Errors: VM_NOT_FOUND, VM_BUSY (it is being deleted), DELETION_SCHEDULED, VM_MEMORY_SAVED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  setVmCloudInit(@Args('input') input: SetVmCloudInitInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.set(actor, input);
  }
}
