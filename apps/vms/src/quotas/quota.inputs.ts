import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, Float, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import { bytesOfGib, bytesToGib } from '../catalog/sizes.js';

/** As many as GraphQL has integers for. */
const MAX_COUNT = 2_147_483_647;
const MAX_MEMORY_MIB = 1_000_000_000_000;
/** 4 PiB: up to twice of that bytes are counted exactly. */
const MAX_DISK_GIB = 4_194_304;

@InputType({
  description:
    'How much a department may have from now on, all of it: what is left out or null is unlimited, and 0 lets it have nothing more. For administrators.',
})
export class SetDepartmentQuotaInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  departmentId!: string;

  @Field(() => Int, { nullable: true, description: 'Virtual machines' })
  vms?: number | null;

  @Field(() => Int, { nullable: true, description: 'Virtual processors of all its VMs' })
  vcpus?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `Whole MiB of memory of all its VMs, at most ${MAX_MEMORY_MIB}`,
  })
  memoryMib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `GiB of disk of all its VMs, at most ${MAX_DISK_GIB}; rounded up to a whole MiB`,
  })
  diskGib?: number | null;
}

const limit = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

export const SetDepartmentQuota = z.object({
  idempotencyKey: IdempotencyKey,
  departmentId: z.string(),
  vms: limit(z.int().min(0).max(MAX_COUNT)),
  vcpus: limit(z.int().min(0).max(MAX_COUNT)),
  memoryMib: limit(z.int().min(0).max(MAX_MEMORY_MIB)),
  diskGib: limit(
    z
      .number()
      .min(0)
      .max(MAX_DISK_GIB)
      .transform((gib) => bytesToGib(BigInt(bytesOfGib(gib)))),
  ),
});
export type SetDepartmentQuota = z.output<typeof SetDepartmentQuota>;
