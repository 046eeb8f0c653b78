import { Directive, Field, ID, ObjectType } from '@nestjs/graphql';

/** A department, which the users service has, as others refer to it or add fields to it. */
@ObjectType('Department')
@Directive('@key(fields: "id")')
export class DepartmentRef {
  @Field(() => ID)
  id!: string;
}

/** A VM, which the vms service has, as others refer to it or add fields to it. */
@ObjectType('Vm')
@Directive('@key(fields: "id")')
export class VmRef {
  @Field(() => ID)
  id!: string;
}

/** A user, whom the users service has, as others refer to them: users alone answers what a user is. */
@ObjectType('User')
@Directive('@key(fields: "id", resolvable: false)')
export class UserRef {
  @Field(() => ID)
  id!: string;
}
