import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'What shall be in the CD drive of a virtual machine' })
export class InsertVmCdromInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => ID, { description: 'An ISO, of the department of the VM or for all, that its host has' })
  imageId!: string;
}

export const InsertVmCdrom = z.object({ idempotencyKey: IdempotencyKey, vmId: z.string(), imageId: z.string() });
export type InsertVmCdrom = z.output<typeof InsertVmCdrom>;
