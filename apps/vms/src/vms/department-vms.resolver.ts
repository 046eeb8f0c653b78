import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, DepartmentRef, PageArgs, type Connection } from '@infinibay/platform-graphql';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Vm, VmConnection } from './vm.model.js';
import { VmService } from './vm.service.js';

@Resolver(() => DepartmentRef)
export class DepartmentVmsResolver {
  constructor(private readonly service: VmService) {}

  @Authorize()
  @ResolveField(() => VmConnection, { description: 'Virtual machines of the department, newest first' })
  vms(
    @Parent() department: DepartmentRef,
    @Args() page: PageArgs,
    @CurrentActor() actor: Actor,
  ): Promise<Connection<Vm>> {
    return this.service.list(actor, { departmentId: department.id, state: null }, page);
  }
}
