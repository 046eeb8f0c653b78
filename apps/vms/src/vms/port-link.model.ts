import { PortLinkState } from '@infinibay/contracts';
import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';

/** The values of the GraphQL enum. */
export const PortLinkStates = PortLinkState.enum;
registerEnumType(PortLinkStates, {
  name: 'PortLinkState',
  description: 'Whether a port has a link. DOWN: as if its cable was pulled out, which its guest sees.',
});

@ObjectType({ description: 'The link of a port of a virtual machine' })
export class PortLink {
  @Field(() => String, { description: 'MAC address of the port, lower case; see Vm.ports' })
  mac!: string;

  @Field(() => PortLinkStates)
  linkState!: PortLinkState;
}
