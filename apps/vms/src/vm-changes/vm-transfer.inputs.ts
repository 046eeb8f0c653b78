import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'Whom a virtual machine shall belong to: ownerId, departmentId or both' })
export class TransferVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'A member of the department that the virtual machine is in then, who may sign in. With departmentId it may be left out: the virtual machine keeps its owner, who has to be such a member',
  })
  ownerId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The department that it shall be in; it stays in its own when left out',
  })
  departmentId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'A network of the other department; the oldest one there when left out',
  })
  networkId?: string | null;
}

/** In the letters in which ids are stored: they are compared. */
const optional = z
  .string()
  .nullish()
  .transform((id) => id?.toLowerCase() ?? null);

export const TransferVm = z
  .object({
    idempotencyKey: IdempotencyKey,
    vmId: z.string(),
    ownerId: optional,
    departmentId: optional,
    networkId: optional,
  })
  .refine(({ ownerId, departmentId }) => ownerId !== null || departmentId !== null, {
    message: 'give ownerId, departmentId or both',
    path: ['ownerId'],
  });
export type TransferVm = z.output<typeof TransferVm>;
