import { DisplayName, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { CloudInit, isUnlimited } from '@infinibay/vms-domain';
import { ArgsType, Field, Float, ID, InputType, Int, OmitType } from '@nestjs/graphql';
import { z } from 'zod';
import { CloudInitInput } from './cloud-init.inputs.js';
import { SaidVmHardware, VmHardwareInput } from './hardware.inputs.js';
import { bytesOfGib, bytesToGib, diskGib, memoryMib, vcpus } from './sizes.js';

/** As many as one answer holds of a department together with those that are shared. */
export const MAX_TEMPLATES = 100;
export const MAX_LISTED_TEMPLATES = 2 * MAX_TEMPLATES;

@ArgsType()
export class TemplatesArgs {
  @Field(() => ID, { nullable: true, description: 'What a VM of this department can be made from; its own and shared' })
  departmentId?: string | null;

  @Field(() => Int, {
    defaultValue: MAX_LISTED_TEMPLATES,
    description: `How many at most, 1 to ${MAX_LISTED_TEMPLATES}`,
  })
  first!: number;
}

@InputType({ description: 'From where to where something may be chosen; both are within, and nothing is no limit' })
export class TemplateRangeInput {
  @Field(() => Float, { nullable: true })
  min?: number | null;

  @Field(() => Float, { nullable: true, description: 'At least min' })
  max?: number | null;
}

@InputType({ description: 'What createVm may ask for with a template; what is left out is not limited' })
export class TemplateLimitsInput {
  @Field(() => TemplateRangeInput, { nullable: true, description: 'Also of maxVcpus' })
  vcpus?: TemplateRangeInput | null;

  @Field(() => TemplateRangeInput, { nullable: true, description: 'MiB; also of maxMemoryMib' })
  memoryMib?: TemplateRangeInput | null;

  @Field(() => TemplateRangeInput, { nullable: true, description: 'GiB; rounded up to whole MiB' })
  diskGib?: TemplateRangeInput | null;
}

@InputType({ description: 'What cloud-init shall find in each guest; what createVm says goes over it, thing by thing' })
export class TemplateCloudInitInput extends OmitType(CloudInitInput, ['hostname'] as const, InputType) {}

@InputType({ isAbstract: true })
abstract class TemplateContentInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  imageId!: string;

  @Field(() => Int, { description: '1 to 512' })
  vcpus!: number;

  @Field(() => Int, { description: "MiB, at least the image's minimum" })
  memoryMib!: number;

  @Field(() => Float, { description: "GiB, at least the image's size" })
  diskGib!: number;

  @Field(() => Int, { nullable: true, description: 'At least vcpus, which it is when left out; see createVm' })
  maxVcpus?: number | null;

  @Field(() => Int, { nullable: true, description: 'MiB, at least memoryMib, which it is when left out; see createVm' })
  maxMemoryMib?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'false when left out' })
  autostart?: boolean | null;

  @Field(() => VmHardwareInput, { nullable: true, description: 'As always when left out; see createVm' })
  hardware?: VmHardwareInput | null;

  @Field(() => TemplateCloudInitInput, { nullable: true, description: 'Nothing when left out' })
  cloudInit?: TemplateCloudInitInput | null;

  @Field(() => TemplateLimitsInput, { nullable: true, description: 'None when left out; the sizes here are within' })
  limits?: TemplateLimitsInput | null;
}

@InputType({ description: 'A template that virtual machines can be made from' })
export class CreateTemplateInput extends TemplateContentInput {
  @Field(() => String, {
    description:
      '1 to 120 visible characters; NAME_TAKEN when one of the department, or a shared one, differs only in case or encoding',
  })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose it is. It is shared by all when left out, which is for administrators',
  })
  departmentId?: string | null;
}

@InputType({
  description: 'The next version of a template. It says all of it: nothing is taken over from the version before',
})
export class UpdateTemplateInput extends TemplateContentInput {
  @Field(() => ID)
  templateId!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'TEMPLATE_CHANGED unless this is its newest version; not looked at when left out',
  })
  expectedVersion?: number | null;
}

@InputType({ description: 'Names a template to delete' })
export class DeleteTemplateInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  templateId!: string;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

const range = (of: z.ZodType<number>) =>
  z
    .object({ min: optional(of), max: optional(of) })
    .refine(({ min, max }) => min === null || max === null || min <= max, {
      message: 'must be at least min',
      path: ['max'],
    })
    .nullish()
    .transform((said) => said ?? { min: null, max: null });

const limits = z.object({
  vcpus: range(vcpus),
  memoryMib: range(memoryMib),
  diskGib: range(diskGib.transform((gib) => bytesToGib(BigInt(bytesOfGib(gib))))),
});

/** Nothing said is the same input as what comes to nothing. */
const content = {
  imageId: z.string(),
  vcpus,
  memoryMib,
  diskGib,
  maxVcpus: optional(vcpus),
  maxMemoryMib: optional(memoryMib),
  autostart: optional(z.boolean()).transform((said) => (said === true ? true : null)),
  hardware: SaidVmHardware,
  cloudInit: optional(CloudInit),
  limits: optional(limits).transform((said) => (said === null || isUnlimited(said) ? null : said)),
};

const inBytes = <T extends { readonly diskGib: number }>({ diskGib: gib, ...input }: T) => ({
  ...input,
  diskBytes: bytesOfGib(gib),
});

export const CreateTemplate = z
  .object({
    idempotencyKey: IdempotencyKey,
    name: DisplayName,
    departmentId: optional(z.string()),
    ...content,
  })
  .transform(inBytes);
export type CreateTemplate = z.output<typeof CreateTemplate>;

/** What is said of a version of a template. */
export type SaidOfTemplate = Omit<CreateTemplate, 'idempotencyKey' | 'name' | 'departmentId'>;

export const UpdateTemplate = z
  .object({
    idempotencyKey: IdempotencyKey,
    templateId: z.string(),
    expectedVersion: optional(z.int().min(1)),
    ...content,
  })
  .transform(inBytes);

export const DeleteTemplate = z.object({ idempotencyKey: IdempotencyKey, templateId: z.string() });
