import { DisplayName, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, Float, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { bytesOfGib, diskGib } from '../catalog/sizes.js';

@InputType({
  description:
    'A new data disk. It is made on the host of vmId, in the pool poolId, or where most space is free when neither is given; VMs of other hosts cannot have it.',
})
export class CreateVolumeInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  departmentId!: string;

  @Field(() => String, {
    description: '1 to 120 characters that can be seen; unique among the living volumes of the department',
  })
  name!: string;

  @Field(() => Float, { description: 'GiB that a guest sees, more than 0, at most 65536; whole MiB are made of it' })
  capacityGib!: number;

  @Field(() => ID, { nullable: true, description: 'Where it is made; not beside vmId' })
  poolId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'A VM of the department for which it is made. It is not attached by that',
  })
  vmId?: string | null;
}

@InputType({ description: 'Names a volume to act on' })
export class VolumeActionInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  volumeId!: string;
}

@InputType({ description: 'Another size for a volume' })
export class ResizeVolumeInput extends VolumeActionInput {
  @Field(() => Float, { description: 'GiB that it shall have; not less than it has' })
  capacityGib!: number;
}

@InputType({ description: 'Another pool for a volume' })
export class MoveVolumeInput extends VolumeActionInput {
  @Field(() => ID, { description: 'Where it shall be: another pool of its host' })
  poolId!: string;
}

@InputType({ description: 'A new volume with what another holds' })
export class CloneVolumeInput extends VolumeActionInput {
  @Field(() => String, {
    description: '1 to 120 characters that can be seen; unique among the living volumes of the department',
  })
  name!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Where it is made: a pool of the same host; that of the other when left out',
  })
  poolId?: string | null;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const ofVolume = { idempotencyKey: IdempotencyKey, volumeId: z.string() };
const capacity = { capacityGib: diskGib };

const inBytes = <T extends { readonly capacityGib: number }>({ capacityGib, ...input }: T) => ({
  ...input,
  capacityBytes: bytesOfGib(capacityGib),
});

export const CreateVolume = z
  .object({
    idempotencyKey: IdempotencyKey,
    departmentId: z.string(),
    name: DisplayName,
    ...capacity,
    poolId: optional(z.string()),
    vmId: optional(z.string()),
  })
  .refine(({ poolId, vmId }) => poolId === null || vmId === null, {
    message: 'give poolId or vmId, not both',
    path: ['poolId'],
  })
  .transform(inBytes);
export type CreateVolume = z.output<typeof CreateVolume>;

export const VolumeAction = z.object(ofVolume);
export const ResizeVolume = z.object({ ...ofVolume, ...capacity }).transform(inBytes);
export const MoveVolume = z.object({ ...ofVolume, poolId: z.string() });
export const CloneVolume = z.object({ ...ofVolume, name: DisplayName, poolId: optional(z.string()) });
