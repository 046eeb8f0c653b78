import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'A virtual machine to move, and where to' })
export class MigrateVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The host that it shall be on; the best one of the others when left out',
  })
  hostId?: string | null;
}

export const MigrateVm = z.object({
  idempotencyKey: IdempotencyKey,
  vmId: z.string(),
  hostId: z
    .string()
    .nullish()
    .transform((id) => id?.toLowerCase() ?? null),
});
export type MigrateVm = z.output<typeof MigrateVm>;

@InputType({ description: 'An operation to take back' })
export class CancelOperationInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  operationId!: string;
}

export const CancelOperation = z.object({ idempotencyKey: IdempotencyKey, operationId: z.string() });
export type CancelOperation = z.output<typeof CancelOperation>;
