import { Authorize } from '@infinibay/platform-access';
import { Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { VmConnection } from './vm.model.js';

@Resolver(() => VmConnection)
export class VmConnectionResolver {
  @Authorize()
  @ResolveField(() => Int, { description: 'How many there are on all pages; counted only when it is asked for' })
  totalCount(@Parent() page: VmConnection): Promise<number> {
    return page.count();
  }
}
