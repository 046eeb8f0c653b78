import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, DepartmentRef, Graph, type GraphContext } from '@infinibay/platform-graphql';
import { Args, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { SetDepartmentQuotaInput } from './quota.inputs.js';
import { DepartmentQuota, DepartmentQuotaResult, DepartmentUsage } from './quota.model.js';
import { QuotaService } from './quota.service.js';

@Resolver(() => DepartmentRef)
export class QuotaResolver {
  constructor(private readonly service: QuotaService) {}

  @Authorize()
  @ResolveField(() => DepartmentQuota, {
    nullable: true,
    description: 'How much it may have; null when the caller may not see the department',
  })
  quota(@Parent() { id }: DepartmentRef, @Graph() graph: GraphContext): Promise<DepartmentQuota | null> {
    return this.service.limitsOf(graph, id);
  }

  @Authorize()
  @ResolveField(() => DepartmentUsage, {
    nullable: true,
    description: 'How much it has; null when the caller may not see the department',
  })
  usage(@Parent() { id }: DepartmentRef, @Graph() graph: GraphContext): Promise<DepartmentUsage | null> {
    return this.service.usageOf(graph, id);
  }

  @Authorize()
  @Mutation(() => DepartmentQuotaResult, {
    description:
      'Sets how much a department may have, all of it at once. It may be less than the department has: nothing is taken away then, and whatever would raise that usage is refused with QUOTA_EXCEEDED until there is room again. For administrators. Errors: DEPARTMENT_NOT_FOUND, FORBIDDEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  async setDepartmentQuota(
    @Args('input') input: SetDepartmentQuotaInput,
    @CurrentActor() actor: Actor,
  ): Promise<DepartmentQuotaResult> {
    const { departmentId: id, ...quota } = await this.service.set(actor, input);
    return { department: { id }, quota };
  }
}
