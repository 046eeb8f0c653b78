import { Directive, Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { PageInfo } from '@infinibay/platform-graphql';

@ObjectType({
  description: 'Owns virtual machines, networks and firewall rules. Visible to its members and to administrators.',
})
@Directive('@key(fields: "id")')
export class Department {
  @Field(() => ID, { description: 'UUID' })
  id!: string;

  @Field(() => String, { description: 'Unique whatever its case' })
  name!: string;

  @Field(() => Date, { description: 'When the department was created' })
  createdAt!: Date;
}

@ObjectType({ description: 'One page of departments, oldest first' })
export class DepartmentConnection {
  @Field(() => [Department], { description: 'The departments of this page' })
  nodes!: Department[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
