import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { Args, ID, Mutation, Query, ResolveReference, Resolver } from '@nestjs/graphql';
import { CurrentActor, PageArgs, parsePage, validateInput, type GraphContext } from '@infinibay/platform-graphql';
import { DepartmentChangesService } from './department-changes.service.js';
import {
  AddDepartmentMemberInput,
  CreateDepartmentInput,
  CreateDepartmentRules,
  MembershipRules,
  RemoveDepartmentMemberInput,
} from './department.inputs.js';
import { Department, DepartmentConnection } from './department.model.js';
import { DepartmentService } from './department.service.js';

const UNKNOWN = { departmentId: 'DEPARTMENT_NOT_FOUND', userId: 'USER_NOT_FOUND' } as const;

@Resolver(() => Department)
export class DepartmentResolver {
  constructor(
    private readonly departments: DepartmentService,
    private readonly changes: DepartmentChangesService,
  ) {}

  @Authorize()
  @Query(() => Department, { description: 'DEPARTMENT_NOT_FOUND when there is none, or none that the actor may see' })
  department(@CurrentActor() actor: Actor, @Args('id', { type: () => ID }) id: string): Promise<Department> {
    return this.departments.get(actor, id);
  }

  @Authorize()
  @Query(() => DepartmentConnection, {
    name: 'departments',
    description: 'Those of the actor; all of them for administrators',
  })
  list(@CurrentActor() actor: Actor, @Args() page: PageArgs): Promise<DepartmentConnection> {
    return this.departments.list(actor, parsePage(page));
  }

  @Authorize()
  @Mutation(() => Department, { description: 'For administrators. NAME_TAKEN.' })
  async createDepartment(
    @CurrentActor() actor: Actor,
    @Args('input') input: CreateDepartmentInput,
  ): Promise<Department> {
    return this.changes.create(actor, validateInput(CreateDepartmentRules, input));
  }

  @Authorize()
  @Mutation(() => Department, {
    description:
      'For administrators. No effect on a member. DEPARTMENT_NOT_FOUND, USER_NOT_FOUND, DEPARTMENT_LIMIT_REACHED.',
  })
  async addDepartmentMember(
    @CurrentActor() actor: Actor,
    @Args('input') input: AddDepartmentMemberInput,
  ): Promise<Department> {
    return this.changes.addMember(actor, validateInput(MembershipRules, input, UNKNOWN));
  }

  @Authorize()
  @Mutation(() => Department, {
    description:
      'For administrators. The user loses sight of the department within 5 seconds; no effect on somebody who is no member. DEPARTMENT_NOT_FOUND, USER_NOT_FOUND.',
  })
  async removeDepartmentMember(
    @CurrentActor() actor: Actor,
    @Args('input') input: RemoveDepartmentMemberInput,
  ): Promise<Department> {
    return this.changes.removeMember(actor, validateInput(MembershipRules, input, UNKNOWN));
  }

  @Authorize()
  @ResolveReference()
  resolveReference(reference: { id: string }, context: { graph: GraphContext }): Promise<Department | null> {
    return context.graph.loader('department', (ids, actor) => this.departments.findMany(actor, ids)).load(reference.id);
  }
}
