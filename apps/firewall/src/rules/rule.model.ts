import { FirewallAction, FirewallDirection, FirewallProtocol } from '@infinibay/contracts';
import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { DepartmentRef, PageInfo, VmRef } from '@infinibay/platform-graphql';
import type { z } from 'zod';

registerEnumType(FirewallDirection.enum, {
  name: 'FirewallDirection',
  description: 'Who begins the connection: IN the other end, OUT the VM',
});
registerEnumType(FirewallAction.enum, {
  name: 'FirewallAction',
  description: 'ACCEPT lets a connection through, DROP ignores it, REJECT answers that it is refused',
});
registerEnumType(FirewallProtocol.enum, { name: 'FirewallProtocol', description: 'Protocol that a rule matches' });

@ObjectType({
  description: 'A firewall rule of a department, for all of its VMs or for one. The first rule that matches decides',
})
@Directive('@key(fields: "id")')
export class FirewallRule {
  @Field(() => ID, { description: 'Id of the rule' })
  id!: string;

  @Field(() => FirewallDirection.enum, { description: 'Who begins the connection' })
  direction!: z.infer<typeof FirewallDirection>;

  @Field(() => FirewallAction.enum, { description: 'What happens to the connection' })
  action!: z.infer<typeof FirewallAction>;

  @Field(() => FirewallProtocol.enum, { description: 'Protocol that it matches' })
  protocol!: z.infer<typeof FirewallProtocol>;

  @Field(() => Int, { nullable: true, description: 'First port, 1 to 65535; null for every port' })
  portFrom!: number | null;

  @Field(() => Int, { nullable: true, description: 'Last port, included; null for every port' })
  portTo!: number | null;

  @Field(() => String, { nullable: true, description: 'The other end in CIDR form; null for anybody' })
  remoteCidr!: string | null;

  @Field(() => Int, {
    description: 'Lower is matched first; rules of one priority in the order in which they were made',
  })
  priority!: number;

  @Field(() => String, { description: 'What it is for' })
  description!: string;

  @Field(() => Boolean, { description: 'Whether it is in force' })
  enabled!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'When it was made' })
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When it changed last' })
  updatedAt!: Date;

  @Field(() => DepartmentRef, { nullable: true, description: 'The department that it belongs to' })
  department!: DepartmentRef | null;

  @Field(() => VmRef, { nullable: true, description: 'The one VM that it is for; null for every VM of the department' })
  vm!: VmRef | null;
}

@ObjectType({ description: 'A page of firewall rules, oldest first' })
export class FirewallRuleConnection {
  @Field(() => [FirewallRule], { description: 'The rules of this page' })
  nodes!: FirewallRule[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
