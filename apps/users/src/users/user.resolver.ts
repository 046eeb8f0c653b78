import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Args, ID, Mutation, Parent, Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import {
  CurrentActor,
  Graph,
  GraphContext,
  ListSize,
  PageArgs,
  parsePage,
  validateInput,
} from '@infinibay/platform-graphql';
import { Department } from '../departments/department.model.js';
import { DepartmentService } from '../departments/department.service.js';
import { MyPasswordService } from './my-password.service.js';
import { UserChangesService } from './user-changes.service.js';
import {
  ChangeMyPasswordInput,
  ChangeMyPasswordRules,
  CreateUserInput,
  CreateUserRules,
  SetUserDisabledInput,
  SetUserDisabledRules,
} from './user.inputs.js';
import { User, UserConnection } from './user.model.js';
import { UserService } from './user.service.js';

@Resolver(() => User)
export class UserResolver {
  constructor(
    private readonly users: UserService,
    private readonly changes: UserChangesService,
    private readonly passwords: MyPasswordService,
    private readonly departments: DepartmentService,
  ) {}

  @Authorize()
  @Query(() => User, { description: 'The user of the access token' })
  me(@CurrentActor() actor: Actor): Promise<User> {
    return this.users.get(actor, actor.userId);
  }

  @Authorize()
  @Query(() => User, { description: 'USER_NOT_FOUND when there is none, or none that the actor may see' })
  user(@CurrentActor() actor: Actor, @Args('id', { type: () => ID }) id: string): Promise<User> {
    return this.users.get(actor, id);
  }

  @Authorize()
  @Query(() => UserConnection, { name: 'users', description: 'Everybody. For administrators; FORBIDDEN to others.' })
  list(@CurrentActor() actor: Actor, @Args() page: PageArgs): Promise<UserConnection> {
    return this.users.list(actor, parsePage(page));
  }

  @Authorize()
  @Mutation(() => User, { description: 'For administrators. EMAIL_TAKEN, DEPARTMENT_NOT_FOUND.' })
  async createUser(@CurrentActor() actor: Actor, @Args('input') input: CreateUserInput): Promise<User> {
    return this.changes.create(actor, validateInput(CreateUserRules, input));
  }

  @Authorize()
  @Mutation(() => User, {
    description: 'For administrators. The user loses every session within 5 seconds. USER_NOT_FOUND, LAST_ADMIN.',
  })
  async setUserDisabled(@CurrentActor() actor: Actor, @Args('input') input: SetUserDisabledInput): Promise<User> {
    const asked = validateInput(SetUserDisabledRules, input, { userId: 'USER_NOT_FOUND' });
    return this.changes.setDisabled(actor, asked);
  }

  @Authorize()
  @Mutation(() => User, {
    description: 'Ends every other session of the actor. INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS.',
  })
  async changeMyPassword(@CurrentActor() actor: Actor, @Args('input') input: ChangeMyPasswordInput): Promise<User> {
    return this.users.shown(actor, await this.passwords.replace(actor, validateInput(ChangeMyPasswordRules, input)));
  }

  @ListSize(200)
  @Authorize()
  @ResolveField('departments', () => [Department], { description: 'Departments that the user is a member of, by name' })
  async departmentsOf(@Parent() user: User, @Graph() graph: GraphContext): Promise<Department[]> {
    const loader = graph.loader('departments-of-user', (ids, actor) => this.departments.findOfUsers(actor, ids));
    return (await loader.load(user.id)) ?? [];
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<User | null> {
    return context.graph.loader('user', (ids, actor) => this.users.findMany(actor, ids)).load(reference.id);
  }
}
