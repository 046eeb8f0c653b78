import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { DescribeVmInput, RenameVmInput, SetVmDeletionProtectionInput, VmTagsInput } from './vm-metadata.inputs.js';
import { VmMetadataService } from './vm-metadata.service.js';

const ERRORS =
  'Errors: VM_NOT_FOUND, VM_BUSY (it is being deleted), DELETION_SCHEDULED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED';

@Resolver(() => Vm)
export class VmMetadataResolver {
  constructor(private readonly service: VmMetadataService) {}

  @Authorize()
  @Mutation(() => Vm, {
    description: `Gives a VM another name, in any state, unless it is going to be deleted. Lists, searches and events have it at once; the name that the guest gets by DHCP, and the title that libvirt shows, at its next start: a guest that runs keeps the name that it has. The name that it had is free at once. ${ERRORS}, NAME_TAKEN`,
  })
  renameVm(@Args('input') input: RenameVmInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.rename(actor, input);
  }

  @Authorize()
  @Mutation(() => Vm, { description: `Says something of a VM, in the place of what was said before. ${ERRORS}` })
  describeVm(@Args('input') input: DescribeVmInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.describe(actor, input);
  }

  @Authorize()
  @Mutation(() => Vm, {
    description: `Puts tags on a VM; those that it has stay, so that two people who tag at once do not undo each other. ${ERRORS}, TAG_LIMIT_REACHED (it would have more than 32; none is put on then)`,
  })
  tagVm(@Args('input') input: VmTagsInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.tag(actor, input);
  }

  @Authorize()
  @Mutation(() => Vm, { description: `Takes tags off a VM; one that it does not have is no error. ${ERRORS}` })
  untagVm(@Args('input') input: VmTagsInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.untag(actor, input);
  }

  @Authorize()
  @Mutation(() => Vm, {
    description: `Protects a VM from deletion, or lets it be deleted again. Of a deletion and a protection that come at once one is refused: the deletion with DELETION_PROTECTED, or the protection with VM_BUSY, or DELETION_SCHEDULED after softDeleteVm. ${ERRORS}`,
  })
  setVmDeletionProtection(
    @Args('input') input: SetVmDeletionProtectionInput,
    @CurrentActor() actor: Actor,
  ): Promise<Vm> {
    return this.service.setDeletionProtection(actor, input);
  }
}
