import type { Actor } from '@infinibay/contracts';
import { Authorize } from '@infinibay/platform-access';
import { CurrentActor, type CountedLater } from '@infinibay/platform-graphql';
import { Args, ID, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import {
  CreatePlacementGroupInput,
  DeletePlacementGroupInput,
  PlacementGroupsArgs,
  RenamePlacementGroupInput,
} from './placement-group.inputs.js';
import { PlacementGroup, PlacementGroupConnection } from './placement-group.model.js';
import { PlacementGroupService } from './placement-group.service.js';

@Resolver(() => PlacementGroup)
export class PlacementGroupResolver {
  constructor(private readonly service: PlacementGroupService) {}

  @Authorize()
  @Query(() => PlacementGroup, { description: 'One placement group. Errors: PLACEMENT_GROUP_NOT_FOUND' })
  placementGroup(@Args('id', { type: () => ID }) id: string, @CurrentActor() actor: Actor): Promise<PlacementGroup> {
    return this.service.get(actor, id);
  }

  @Authorize()
  @Query(() => PlacementGroupConnection, {
    description: 'Placement groups of the departments that you may see, newest first. Errors: INVALID_INPUT',
  })
  placementGroups(
    @Args() args: PlacementGroupsArgs,
    @CurrentActor() actor: Actor,
  ): Promise<CountedLater<PlacementGroup>> {
    return this.service.page(actor, args);
  }

  @Authorize()
  @Mutation(() => PlacementGroup, {
    description:
      'Makes a placement group of a department, without virtual machines: see createVm (placementGroupIds) and addVmToPlacementGroup. Errors: DEPARTMENT_NOT_FOUND, NAME_TAKEN, TOO_MANY_PLACEMENT_GROUPS, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  createPlacementGroup(
    @Args('input') input: CreatePlacementGroupInput,
    @CurrentActor() actor: Actor,
  ): Promise<PlacementGroup> {
    return this.service.create(actor, input);
  }

  @Authorize()
  @Mutation(() => PlacementGroup, {
    description:
      'Gives a placement group another name. Errors: PLACEMENT_GROUP_NOT_FOUND, NAME_TAKEN, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  renamePlacementGroup(
    @Args('input') input: RenamePlacementGroupInput,
    @CurrentActor() actor: Actor,
  ): Promise<PlacementGroup> {
    return this.service.rename(actor, input);
  }

  @Authorize()
  @Mutation(() => PlacementGroup, {
    description:
      'Deletes a placement group and answers what it was; its virtual machines go on where they are. Errors: PLACEMENT_GROUP_NOT_FOUND, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED',
  })
  deletePlacementGroup(
    @Args('input') input: DeletePlacementGroupInput,
    @CurrentActor() actor: Actor,
  ): Promise<PlacementGroup> {
    return this.service.delete(actor, input);
  }
}

@Resolver(() => PlacementGroupConnection)
export class PlacementGroupConnectionResolver {
  @Authorize()
  @ResolveField(() => Int, { description: 'How many there are on all pages; counted only when it is asked for' })
  totalCount(@Parent() page: PlacementGroupConnection): Promise<number> {
    return page.count();
  }
}
