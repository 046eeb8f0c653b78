import { DisplayName, IdempotencyKey, Uuid } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({ description: 'A new network' })
export class CreateNetworkInput {
  @Field(() => ID, { description: 'The department that gets it' })
  departmentId!: string;

  @Field(() => String, {
    description:
      '1 to 120 visible characters; NAME_TAKEN when the department has one that differs only in case or encoding',
  })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Private IPv4 range, /8 to /30, that no host uses and that the department may still have; host bits are cleared. A free one is chosen when left out',
  })
  cidr?: string | null;

  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;
}

@InputType({ description: 'The network to delete' })
export class DeleteNetworkInput {
  @Field(() => ID, { description: 'The network; no VM may have a port in it' })
  networkId!: string;

  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;
}

export const CreateNetworkSchema = z.object({
  departmentId: Uuid,
  name: DisplayName,
  cidr: z.string().max(64).nullish(),
  idempotencyKey: IdempotencyKey,
});
export type CreateNetwork = z.infer<typeof CreateNetworkSchema>;

export const DeleteNetworkSchema = z.object({ networkId: Uuid, idempotencyKey: IdempotencyKey });
export type DeleteNetwork = z.infer<typeof DeleteNetworkSchema>;
