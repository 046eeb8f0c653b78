import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'Whom a virtual machine shall belong to' })
export class TransferVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, { description: 'A member of the department of the virtual machine who may sign in' })
  ownerId!: string;
}

export const TransferVm = z.object({ idempotencyKey: IdempotencyKey, vmId: z.string(), ownerId: z.string() });
