import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor } from '@infinibay/platform-graphql';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Vm } from '../vms/vm.model.js';
import { VmPlacementGroupInput } from './vm-placement-group.inputs.js';
import { VmPlacementGroupService } from './vm-placement-group.service.js';

const ERRORS =
  'Errors: VM_NOT_FOUND, VM_BUSY (it is being deleted), DELETION_SCHEDULED, PLACEMENT_GROUP_NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED';

@Resolver(() => Vm)
export class VmPlacementGroupResolver {
  constructor(private readonly service: VmPlacementGroupService) {}

  @Authorize()
  @Mutation(() => Vm, {
    description: `Puts a VM into a placement group of its department, wherever it is and whatever it does. It is not moved: a group that is otherwise than its policy says by that shows it, see PlacementGroup.isViolated. One that is in it already is no error. ${ERRORS}, PLACEMENT_GROUP_FULL, TOO_MANY_PLACEMENT_GROUPS (of the VM)`,
  })
  addVmToPlacementGroup(@Args('input') input: VmPlacementGroupInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.add(actor, input);
  }

  @Authorize()
  @Mutation(() => Vm, {
    description: `Takes a VM out of a placement group; it stays where it is. One that is not in it is no error. ${ERRORS}`,
  })
  removeVmFromPlacementGroup(@Args('input') input: VmPlacementGroupInput, @CurrentActor() actor: Actor): Promise<Vm> {
    return this.service.remove(actor, input);
  }
}
