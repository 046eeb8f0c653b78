import { DisplayName, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION, PageArgs } from '@infinibay/platform-graphql';
import { GROUP_POLICIES, GROUP_STRICTNESSES, MAX_GROUPS_OF_DEPARTMENT } from '@infinibay/vms-domain';
import { ArgsType, Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { PlacementGroupPolicy, PlacementGroupStrictness } from '../generated/prisma/enums.js';

const NAME_RULE = '1 to 120 visible characters; NAME_TAKEN when one of the department differs only in case or encoding';

@ArgsType()
export class PlacementGroupsArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: 'Of this department alone' })
  departmentId?: string | null;
}

@InputType({ description: `A placement group of a department, which has at most ${MAX_GROUPS_OF_DEPARTMENT}` })
export class CreatePlacementGroupInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  departmentId!: string;

  @Field(() => String, { description: NAME_RULE })
  name!: string;

  @Field(() => PlacementGroupPolicy, { description: 'It stays what it is' })
  policy!: PlacementGroupPolicy;

  @Field(() => PlacementGroupStrictness, { description: 'It stays what it is' })
  strictness!: PlacementGroupStrictness;
}

@InputType({ description: 'Another name for a placement group' })
export class RenamePlacementGroupInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  placementGroupId!: string;

  @Field(() => String, { description: NAME_RULE })
  name!: string;
}

@InputType({ description: 'Names a placement group to delete' })
export class DeletePlacementGroupInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  placementGroupId!: string;
}

export const CreatePlacementGroup = z.object({
  idempotencyKey: IdempotencyKey,
  departmentId: z.string(),
  name: DisplayName,
  policy: z.enum(GROUP_POLICIES),
  strictness: z.enum(GROUP_STRICTNESSES),
});

export const RenamePlacementGroup = z.object({
  idempotencyKey: IdempotencyKey,
  placementGroupId: z.string(),
  name: DisplayName,
});

export const DeletePlacementGroup = z.object({ idempotencyKey: IdempotencyKey, placementGroupId: z.string() });
