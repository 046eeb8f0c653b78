import { Field, Float, ID, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { Description, IdempotencyKey, Tags, VmName } from '@infinibay/contracts';
import { CloudInit, IMAGE_COPIES, MAX_GROUPS_OF_VM } from '@infinibay/vms-domain';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { z } from 'zod';
import { CloudInitInput } from '../catalog/cloud-init.inputs.js';
import { SaidVmHardware, VmHardwareInput } from '../catalog/hardware.inputs.js';
import { bytesOfGib, diskGib, memoryMib, vcpus } from '../catalog/sizes.js';
import { DESCRIPTION_RULE, TAGS_RULE } from './vm-metadata.inputs.js';

export const ImageCopiesForVm = { NEVER: 'NEVER', WHEN_NEEDED: 'WHEN_NEEDED', ALLOWED: 'ALLOWED' } as const;
registerEnumType(ImageCopiesForVm, {
  name: 'ImageCopies',
  description: 'Whether a new VM may go to a host that lacks its image, which is copied there first',
  valuesMap: {
    NEVER: { description: 'Only where the image is' },
    WHEN_NEEDED: { description: 'Where no host that has the image can take the VM' },
    ALLOWED: { description: 'A host that can be given the image is as good as one that has it' },
  },
});

@InputType({
  description:
    'What a new virtual machine shall be. Give imageId with sizes, or templateId; what is said here goes over the template, within its limits.',
})
export class CreateVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  departmentId!: string;

  @Field(() => String, { description: '1 to 63 of a-z, 0-9 and -; the host name in the guest' })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'Of an ISO diskGib must be given: the disk is empty, the ISO is in the CD-ROM drive (see setVmCdrom), and bootOrder is DISK, then CDROM, unless hardware says otherwise',
  })
  imageId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of the department, or shared' })
  templateId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Of the template; its newest when left out' })
  templateVersion?: number | null;

  @Field(() => ID, { nullable: true, description: "The department's oldest network when left out" })
  networkId?: string | null;

  @Field(() => Int, { nullable: true, description: '1 to 512; 1 when left out and there is no template' })
  vcpus?: number | null;

  @Field(() => Int, { nullable: true, description: "MiB, at least the image's minimum, which is also the default" })
  memoryMib?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Up to where vcpus may be changed while it runs; no further than they are when left out',
  })
  maxVcpus?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'MiB; up to where memoryMib may be changed while it runs; no further than it is when left out. Its host keeps all of it for the VM',
  })
  maxMemoryMib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "GiB, at least the image's size, which is also the default; of an ISO to be given",
  })
  diskGib?: number | null;

  @Field(() => ImageCopiesForVm, {
    nullable: true,
    description:
      'Whether its image may be copied to its host first; WHEN_NEEDED when left out. It is the step bring-image of the operation then, and takes as long as there is to copy. An image that an operator has put on hosts is not copied',
  })
  imageCopies?: string | null;

  @Field(() => VmHardwareInput, {
    nullable: true,
    description: 'What it is made of, thing by thing over what the template says; see setVmHardware',
  })
  hardware?: VmHardwareInput | null;

  @Field(() => String, { nullable: true, description: DESCRIPTION_RULE })
  description?: string | null;

  @Field(() => [String], { nullable: true, description: TAGS_RULE })
  tags?: string[] | null;

  @Field(() => CloudInitInput, {
    nullable: true,
    description:
      "What cloud-init shall find in the guest, over what the template says; see setVmCloudInit. A template's keys and password are for its own user only",
  })
  cloudInit?: CloudInitInput | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'It is started whenever its host has been booted; as the template says, or false, when left out. See setVmAutostart',
  })
  autostart?: boolean | null;

  @Field(() => [ID], {
    nullable: true,
    description: `Placement groups of the department that it shall be in, at most ${MAX_GROUPS_OF_VM}: they say which hosts can take it. None when left out`,
  })
  placementGroupIds?: string[] | null;
}

@InputType({ description: 'Names a virtual machine to act on' })
export class VmActionInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;
}

@InputType({ description: 'Names a virtual machine and a volume' })
export class VmVolumeInput extends VmActionInput {
  @Field(() => ID)
  volumeId!: string;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** In order, however they are spelled; null: none. */
const eachOnce = (ids: readonly string[]): string[] | null =>
  ids.length === 0 ? null : [...new Set(ids.map((id) => id.toLowerCase()))].sort();

/** What is said of a new VM, to make it or to ask where it would go. */
const newVm = z.object({
  departmentId: z.string(),
  name: VmName,
  imageId: optional(z.string()),
  templateId: optional(z.string()),
  templateVersion: optional(z.int().min(1)),
  networkId: optional(z.string()),
  vcpus: optional(vcpus),
  memoryMib: optional(memoryMib),
  maxVcpus: optional(vcpus),
  maxMemoryMib: optional(memoryMib),
  diskGib: optional(diskGib),
  imageCopies: optional(z.enum(IMAGE_COPIES)),
  hardware: SaidVmHardware,
  // Nothing said is the same input as nothing asked for.
  description: optional(Description).transform((text) => (text === '' ? null : text)),
  tags: optional(Tags).transform((tags) => (tags?.length === 0 ? null : tags)),
  placementGroupIds: optional(z.array(z.string()).max(MAX_GROUPS_OF_VM)).transform((ids) => eachOnce(ids ?? [])),
});
const hasOneSource = (input: { imageId: string | null; templateId: string | null }): boolean =>
  (input.imageId === null) !== (input.templateId === null);
const ONE_SOURCE = { message: 'give either imageId or templateId', path: ['imageId'] };
const isOfTemplate = (input: { templateId: string | null; templateVersion: number | null }): boolean =>
  input.templateId !== null || input.templateVersion === null;
const NO_TEMPLATE = { message: 'is a version of templateId, which is missing', path: ['templateVersion'] };

export const CreateVm = newVm
  .extend({
    idempotencyKey: IdempotencyKey,
    cloudInit: optional(CloudInit),
    autostart: optional(z.boolean()),
  })
  .transform(({ diskGib, ...input }) => ({ ...input, diskBytes: diskGib === null ? null : bytesOfGib(diskGib) }))
  .refine(hasOneSource, ONE_SOURCE)
  .refine(isOfTemplate, NO_TEMPLATE);
export type CreateVm = z.output<typeof CreateVm>;

export const PlannedVm = newVm
  .transform(({ diskGib, ...input }) => ({ ...input, diskBytes: diskGib === null ? null : bytesOfGib(diskGib) }))
  .refine(hasOneSource, ONE_SOURCE)
  .refine(isOfTemplate, NO_TEMPLATE);
export type PlannedVm = z.output<typeof PlannedVm>;

export const VmAction = z.object({ idempotencyKey: IdempotencyKey, vmId: z.string() });
export type VmAction = z.output<typeof VmAction>;

export const VmVolume = VmAction.extend({ volumeId: z.string() });
