import { DisplayName, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, Float, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import { bytesOfGib, diskGib, memoryMib, vcpus } from './sizes.js';

@InputType({ description: 'A template that virtual machines can be made from. For administrators.' })
export class CreateTemplateInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description: '1 to 120 visible characters; NAME_TAKEN when one differs only in case or encoding',
  })
  name!: string;

  @Field(() => ID)
  imageId!: string;

  @Field(() => Int, { description: '1 to 512' })
  vcpus!: number;

  @Field(() => Int, { description: "MiB, at least the image's minimum" })
  memoryMib!: number;

  @Field(() => Float, { description: "GiB, at least the image's size" })
  diskGib!: number;
}

@InputType({ description: 'Names a template to delete. For administrators.' })
export class DeleteTemplateInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  templateId!: string;
}

export const CreateTemplate = z
  .object({
    idempotencyKey: IdempotencyKey,
    name: DisplayName,
    imageId: z.string(),
    vcpus,
    memoryMib,
    diskGib,
  })
  .transform(({ diskGib, ...input }) => ({ ...input, diskBytes: bytesOfGib(diskGib) }));
export type CreateTemplate = z.output<typeof CreateTemplate>;

export const DeleteTemplate = z.object({ idempotencyKey: IdempotencyKey, templateId: z.string() });
