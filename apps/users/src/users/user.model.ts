import { ActorRole } from '@infinibay/contracts';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { PageInfo } from '@infinibay/platform-graphql';

export const RoleEnum = ActorRole.enum;
registerEnumType(RoleEnum, {
  name: 'ActorRole',
  description: 'What a user may do everywhere',
  valuesMap: {
    ADMIN: { description: 'Everything, in every department' },
    USER: { description: 'Works with the resources of the departments that the user is a member of' },
  },
});

@ObjectType({ description: 'Somebody who can log in. Visible to administrators and to the user.' })
@Directive('@key(fields: "id")')
export class User {
  @Field(() => ID, { description: 'UUID' })
  id!: string;

  @Field(() => String, { description: 'Lower case; unique' })
  email!: string;

  @Field(() => String, { description: 'For people; not unique' })
  name!: string;

  @Field(() => RoleEnum, { description: 'What the user may do everywhere' })
  role!: ActorRole;

  @Field(() => Boolean, { description: 'A disabled user cannot log in and has no open session' })
  disabled!: boolean;

  @Field(() => Date, { description: 'When the user was created' })
  createdAt!: Date;
}

@ObjectType({ description: 'One page of users, oldest first' })
export class UserConnection {
  @Field(() => [User], { description: 'The users of this page' })
  nodes!: User[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
