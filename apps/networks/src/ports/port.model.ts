import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';
import { PageInfo, VmRef } from '@infinibay/platform-graphql';
import { Network } from '../networks/network.model.js';

@ObjectType({ description: 'The network card of a VM' })
@Directive('@key(fields: "id")')
export class Port {
  @Field(() => ID, { description: 'Id of the port' })
  id!: string;

  @Field(() => String, { description: 'MAC address, lower case' })
  mac!: string;

  @Field(() => String, { description: 'IPv4 address that DHCP gives the VM' })
  address!: string;

  @Field(() => GraphQLISODateTime, { description: 'When the VM received it' })
  createdAt!: Date;

  @Field(() => VmRef, { nullable: true, description: 'The VM that has it' })
  vm!: VmRef | null;

  @Field(() => Network, { nullable: true, description: 'The network that it is in' })
  network?: Network | null;

  /** Not a field: what `network` is resolved from. */
  networkId!: string;
}

@ObjectType({ description: 'A page of ports' })
export class PortConnection {
  @Field(() => [Port], { description: 'The ports of this page' })
  nodes!: Port[];

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;

  @Field(() => PageInfo, { description: 'Where this page ends' })
  pageInfo!: PageInfo;
}
