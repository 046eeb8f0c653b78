import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { CurrentActor, PageArgs, parsePage } from '@infinibay/platform-graphql';
import { Department } from '../departments/department.model.js';
import { UserConnection } from './user.model.js';
import { UserService } from './user.service.js';

@Resolver(() => Department)
export class DepartmentMembersResolver {
  constructor(private readonly users: UserService) {}

  @Authorize()
  @ResolveField('members', () => UserConnection, {
    nullable: true,
    description: 'Its members. For administrators; FORBIDDEN to others.',
  })
  members(
    @CurrentActor() actor: Actor,
    @Parent() department: Department,
    @Args() page: PageArgs,
  ): Promise<UserConnection> {
    return this.users.list(actor, parsePage(page), department.id);
  }
}
