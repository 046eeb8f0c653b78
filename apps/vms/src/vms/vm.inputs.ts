import { Field, Float, ID, InputType, Int } from '@nestjs/graphql';
import { DisplayName, IdempotencyKey, VmName } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { z } from 'zod';

@InputType({
  description:
    'What a new virtual machine shall be. Give imageId with sizes, or templateId; single sizes override the template.',
})
export class CreateVmInput {
  @Field(() => String, { description: KEY_DESCRIPTION })
  idempotencyKey!: string;

  @Field(() => ID)
  departmentId!: string;

  @Field(() => String, { description: '1 to 63 of a-z, 0-9 and -; the host name in the guest' })
  name!: string;

  @Field(() => ID, { nullable: true })
  imageId?: string | null;

  @Field(() => ID, { nullable: true })
  templateId?: string | null;

  @Field(() => ID, { nullable: true, description: "The department's oldest network when left out" })
  networkId?: string | null;

  @Field(() => Int, { nullable: true, description: '1 to 512; 1 when left out' })
  vcpus?: number | null;

  @Field(() => Int, { nullable: true, description: "MiB, at least the image's minimum, which is also the default" })
  memoryMib?: number | null;

  @Field(() => Float, { nullable: true, description: "GiB, at least the image's size, which is also the default" })
  diskGib?: number | null;
}

@InputType({ description: 'Names a virtual machine to act on' })
export class VmActionInput {
  @Field(() => String, { description: KEY_DESCRIPTION })
  idempotencyKey!: string;

  @Field(() => ID)
  vmId!: string;
}

@InputType({ description: 'A template that virtual machines can be made from. For administrators.' })
export class CreateTemplateInput {
  @Field(() => String, { description: KEY_DESCRIPTION })
  idempotencyKey!: string;

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
  @Field(() => String, { description: KEY_DESCRIPTION })
  idempotencyKey!: string;

  @Field(() => ID)
  templateId!: string;
}

const GIB = 1_073_741_824;
const vcpus = z.int().min(1).max(512);
const memoryMib = z.int().min(64).max(16_777_216);
const diskGib = z.number().positive().max(65_536);
/** Whole MiB, so that every tool agrees on the size. */
const bytesOfGib = (gib: number): number => Math.ceil((gib * GIB) / 1_048_576) * 1_048_576;
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

export const CreateVm = z
  .object({
    idempotencyKey: IdempotencyKey,
    departmentId: z.string(),
    name: VmName,
    imageId: optional(z.string()),
    templateId: optional(z.string()),
    networkId: optional(z.string()),
    vcpus: optional(vcpus),
    memoryMib: optional(memoryMib),
    diskGib: optional(diskGib),
  })
  .transform(({ diskGib, ...input }) => ({ ...input, diskBytes: diskGib === null ? null : bytesOfGib(diskGib) }))
  .refine((input) => (input.imageId === null) !== (input.templateId === null), {
    message: 'give either imageId or templateId',
    path: ['imageId'],
  });
export type CreateVm = z.output<typeof CreateVm>;

export const VmAction = z.object({ idempotencyKey: IdempotencyKey, vmId: z.string() });

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

export { isUuid } from '@infinibay/platform-subgraph';
export const bytesToGib = (bytes: bigint): number => Number(bytes) / GIB;
