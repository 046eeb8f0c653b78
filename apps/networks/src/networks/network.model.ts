import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { DepartmentRef, PageInfo } from '@infinibay/platform-graphql';

@ObjectType({ description: 'A private network of a department, with its way out by NAT on each host' })
@Directive('@key(fields: "id")')
export class Network {
  @Field(() => ID, { description: 'Id of the network' })
  id!: string;

  @Field(() => String, { description: 'Unique within the department' })
  name!: string;

  @Field(() => String, { description: 'IPv4 range in CIDR form, such as 10.80.0.0/24' })
  cidr!: string;

  @Field(() => String, { description: 'Address of the host on the network: gateway and DHCP server of its VMs' })
  gateway!: string;

  @Field(() => Int, { description: 'How many VMs can have an address in it' })
  capacity!: number;

  @Field(() => GraphQLISODateTime, { description: 'When it was made' })
  createdAt!: Date;

  @Field(() => DepartmentRef, { nullable: true, description: 'The department that it belongs to' })
  department!: DepartmentRef | null;
}

@ObjectType({ description: 'A page of networks, oldest first' })
export class NetworkConnection {
  @Field(() => [Network], { description: 'The networks of this page' })
  nodes!: Network[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
