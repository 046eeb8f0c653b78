import { Directive, Field, ID, ObjectType } from '@nestjs/graphql';

@ObjectType('Department')
@Directive('@key(fields: "id")')
export class DepartmentRef {
  @Field(() => ID)
  id!: string;
}
