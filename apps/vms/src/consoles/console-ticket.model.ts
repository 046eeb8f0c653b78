import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from '@nestjs/graphql';

export enum ConsoleProtocol {
  VNC = 'VNC',
}

registerEnumType(ConsoleProtocol, {
  name: 'ConsoleProtocol',
  description: 'What is spoken with a console',
  valuesMap: { VNC: { description: 'The remote framebuffer protocol, RFC 6143' } },
});

@ObjectType({ description: 'Opens the console of one virtual machine, once and soon' })
export class ConsoleTicket {
  @Field(() => String, { description: 'Signed; a secret until it is used or past. Keep it out of addresses and logs' })
  ticket!: string;

  @Field(() => GraphQLISODateTime)
  expiresAt!: Date;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ConsoleProtocol)
  protocol!: ConsoleProtocol;
}
