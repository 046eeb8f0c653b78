import { ConsoleAccess, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType, registerEnumType } from '@nestjs/graphql';
import { z } from 'zod';

registerEnumType(ConsoleAccess.enum, {
  name: 'ConsoleAccess',
  description: 'What may be done at a console',
  valuesMap: {
    VIEW: { description: 'To see the screen. For whoever may read the VM' },
    CONTROL: { description: 'To type and point as well. For whoever may operate the VM' },
  },
});

@InputType({ description: 'Asks for a ticket for the console of a virtual machine' })
export class CreateConsoleTicketInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ConsoleAccess.enum)
  access!: ConsoleAccess;
}

export const CreateConsoleTicket = z.object({
  idempotencyKey: IdempotencyKey,
  vmId: z.string(),
  access: ConsoleAccess,
});
