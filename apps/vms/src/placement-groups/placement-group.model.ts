import { PageInfo } from '@infinibay/platform-graphql';
import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { PlacementGroupPolicy, PlacementGroupStrictness } from '../generated/prisma/enums.js';

registerEnumType(PlacementGroupPolicy, {
  name: 'PlacementGroupPolicy',
  description: 'What the virtual machines of a placement group want of each other',
  valuesMap: {
    TOGETHER: { description: 'All of them are on one host' },
    APART: { description: 'Each of them is on another host' },
  },
});
registerEnumType(PlacementGroupStrictness, {
  name: 'PlacementGroupStrictness',
  description: 'What becomes of a host that would go against the policy of a placement group',
  valuesMap: {
    REQUIRED: { description: 'It is refused, by the rule apart-from or together-with' },
    PREFERRED: { description: 'It comes after others, see PlacementScore.unmetPreferences' },
  },
});

@ObjectType({
  description:
    'Virtual machines of a department that shall be on one host, or each on another. It says where createVm, migrateVm and drainHost put them, and moves none by itself. A VM that is deleted, or goes to another department, leaves its groups; a clone is in none',
})
export class PlacementGroup {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique in its department' })
  name!: string;

  @Field(() => PlacementGroupPolicy)
  policy!: PlacementGroupPolicy;

  @Field(() => PlacementGroupStrictness)
  strictness!: PlacementGroupStrictness;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  // Not a field of the API: what the field resolver needs.
  departmentId!: string;
}

@ObjectType({ description: 'A page of placement groups' })
export class PlacementGroupConnection {
  @Field(() => [PlacementGroup])
  nodes!: PlacementGroup[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  // Not a field: what the resolver of totalCount asks.
  count!: () => Promise<number>;
}
