import { IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { MAX_CPU_RATIO, MAX_MEMORY_RATIO } from '@infinibay/vms-domain';
import { Field, Float, ID, InputType } from '@nestjs/graphql';
import { z } from 'zod';

@InputType({
  description:
    'How much of what it has a host may promise to virtual machines, all of it: what is left out or null is as the service is configured. For administrators.',
})
export class SetHostOvercommitInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  hostId!: string;

  @Field(() => Float, {
    nullable: true,
    description: `vCPUs that all its VMs may have together, for each of its CPUs: 1 to ${MAX_CPU_RATIO}`,
  })
  cpuRatio?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: `MiB that all its VMs may have together, for each that it has beside what is kept for the host itself: 1 to ${MAX_MEMORY_RATIO}; more than 1 needs swap`,
  })
  memoryRatio?: number | null;
}

const ratio = (most: number) =>
  z
    .number()
    .min(1)
    .max(most)
    .nullish()
    .transform((value) => value ?? null);

export const SetHostOvercommit = z.object({
  idempotencyKey: IdempotencyKey,
  hostId: z.string(),
  cpuRatio: ratio(MAX_CPU_RATIO),
  memoryRatio: ratio(MAX_MEMORY_RATIO),
});
