import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, DepartmentRef, type CountedLater } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { LIST_DESCRIPTION, VmsOfDepartmentArgs } from './vm-list.inputs.js';
import { Vm, VmConnection } from './vm.model.js';
import { VmService } from './vm.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentVmsResolver {
  constructor(private readonly service: VmService) {}

  @Authorize()
  @ResolveField(() => VmConnection, { description: `Virtual machines of the department. ${LIST_DESCRIPTION}` })
  vms(
    @Parent() department: DepartmentRef,
    @Args() args: VmsOfDepartmentArgs,
    @CurrentActor() actor: Actor,
  ): Promise<CountedLater<Vm>> {
    return this.service.list(actor, args, department.id);
  }
}
