import { Authorize } from '@infinibay/platform-access';
import { Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { OperationConnection } from './operation.model.js';

@Resolver(() => OperationConnection)
export class OperationConnectionResolver {
  @Authorize()
  @ResolveField(() => Int, { description: 'How many there are on all pages; counted only when it is asked for' })
  totalCount(@Parent() page: OperationConnection): Promise<number> {
    return page.count();
  }
}
