import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'Names a virtual machine and a placement group of its department' })
export class VmPlacementGroupInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID)
  placementGroupId!: string;
}

export const VmPlacementGroup = z.object({
  idempotencyKey: IdempotencyKey,
  vmId: z.string(),
  placementGroupId: z.string(),
});
