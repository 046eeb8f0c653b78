import { DisplayName, HostImage, IdempotencyKey, ImageUrl, MAX_IMAGE_BYTES } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, Float, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import { ImageFormats } from '../catalog/image.model.js';
import { memoryMib } from '../catalog/sizes.js';

/** Enough for the systems that there are images of. */
const DEFAULT_MEMORY_MIB = 512;

@InputType({
  description:
    'An image to import. A host fetches it, which keeps it; VMs are made from it there. Other hosts get it by copyImage, or when a VM of it is made there.',
})
export class ImportImageInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description: '1 to 120 visible characters; unique among the images of the department, or among those for all',
  })
  name!: string;

  @Field(() => String, {
    description:
      'https or http, without user name and password, on a server with a public address (operators can allow others). Redirects are followed',
  })
  url!: string;

  @Field(() => String, { description: 'Of the file, in hexadecimal digits: what has another one is refused' })
  sha256!: string;

  @Field(() => ImageFormats, { nullable: true, description: 'QCOW2 when left out; an ISO is uploaded' })
  format?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose it shall be. For all departments when left out, for which one must be an administrator',
  })
  departmentId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The host that shall keep it; the one with the most free space when left out',
  })
  hostId?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `MiB that a VM of it needs, and gets when nothing is said; ${DEFAULT_MEMORY_MIB} when left out`,
  })
  minMemoryMib?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'linux, windows, …: 1 to 32 of a-z, 0-9 and -; linux when left out',
  })
  osFamily?: string | null;
}

@InputType({
  description:
    'An image to upload. A host takes it, which keeps it; VMs are made from it there. Other hosts get it by copyImage, or when a VM of it is made there.',
})
export class CreateImageUploadInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => String, {
    description: '1 to 120 visible characters; unique among the images of the department, or among those for all',
  })
  name!: string;

  @Field(() => ImageFormats)
  format!: string;

  @Field(() => Float, { description: 'Of the file, in bytes; more or less is refused' })
  sizeBytes!: number;

  @Field(() => String, { description: 'Of the file, in hexadecimal digits: what has another one is refused' })
  sha256!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Whose it shall be. For all departments when left out, for which one must be an administrator',
  })
  departmentId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The host that shall keep it; the one with the most free space that takes uploads when left out',
  })
  hostId?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `MiB that a VM of it needs, and gets when nothing is said; ${DEFAULT_MEMORY_MIB} when left out`,
  })
  minMemoryMib?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'linux, windows, …: 1 to 32 of a-z, 0-9 and -; linux when left out',
  })
  osFamily?: string | null;
}

@InputType({ description: 'A VM that an image is made of, and what the image is called' })
export class ImageOfVmInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  vmId!: string;

  @Field(() => String, {
    description:
      '1 to 120 visible characters; unique among the images, and of a template among the templates, of the department',
  })
  name!: string;
}

@InputType({ description: 'An image, and a host that shall have it too' })
export class CopyImageInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  imageId!: string;

  @Field(() => ID)
  hostId!: string;
}

@InputType({ description: 'Names an image to act on' })
export class ImageActionInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  imageId!: string;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const sha256 = z.string().max(64).toLowerCase().pipe(HostImage.shape.sha256);
const osFamily = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and -');

export const ImportImage = z
  .object({
    idempotencyKey: IdempotencyKey,
    name: DisplayName,
    url: ImageUrl,
    sha256,
    format: optional(z.enum(['QCOW2', 'RAW'], 'must be QCOW2 or RAW: an ISO is uploaded')),
    departmentId: optional(z.string()),
    hostId: optional(z.string()),
    minMemoryMib: optional(memoryMib),
    osFamily: optional(osFamily),
  })
  // Nothing said is the same input as what it stands for.
  .transform(({ format, minMemoryMib, osFamily, ...input }) => ({
    ...input,
    format: format === 'RAW' ? ('raw' as const) : ('qcow2' as const),
    minMemoryMib: minMemoryMib ?? DEFAULT_MEMORY_MIB,
    osFamily: osFamily ?? 'linux',
  }));
export type ImportImage = z.output<typeof ImportImage>;

const STORED_FORMATS = { QCOW2: 'qcow2', RAW: 'raw', ISO: 'iso' } as const;

export const CreateImageUpload = z
  .object({
    idempotencyKey: IdempotencyKey,
    name: DisplayName,
    format: z.enum(ImageFormats),
    sizeBytes: z.int().positive().max(MAX_IMAGE_BYTES),
    sha256,
    departmentId: optional(z.string()),
    hostId: optional(z.string()),
    minMemoryMib: optional(memoryMib),
    osFamily: optional(osFamily),
  })
  // Nothing said is the same input as what it stands for.
  .transform(({ format, minMemoryMib, osFamily, ...input }) => ({
    ...input,
    format: STORED_FORMATS[format],
    minMemoryMib: minMemoryMib ?? DEFAULT_MEMORY_MIB,
    osFamily: osFamily ?? 'linux',
  }));
export type CreateImageUpload = z.output<typeof CreateImageUpload>;

export const ImageOfVm = z.object({ idempotencyKey: IdempotencyKey, vmId: z.string(), name: DisplayName });

export const CopyImage = z.object({
  idempotencyKey: IdempotencyKey,
  imageId: z.string(),
  hostId: z.string().toLowerCase(),
});

export const ImageAction = z.object({ idempotencyKey: IdempotencyKey, imageId: z.string() });
