import { DisplayText, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { optionsOf } from '@infinibay/vms-domain';
import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';

const { timeoutSeconds } = optionsOf('SHUTDOWN_VM');
if (timeoutSeconds?.type !== 'integer') throw new RangeError('a shutdown has no time-out');
const { min, max } = timeoutSeconds;

@InputType({ description: 'Whether a host takes VMs. For administrators.' })
export class SetHostMaintenanceInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  hostId!: string;

  @Field(() => Boolean, { description: 'true: it takes no new VMs and starts none' })
  maintenance!: boolean;

  @Field(() => String, { nullable: true, description: 'For people: one line of at most 500 characters' })
  reason?: string | null;
}

@InputType({ description: 'Which host shall be empty of running VMs. For administrators.' })
export class DrainHostInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => ID)
  hostId!: string;

  @Field(() => Int, {
    nullable: true,
    description: `Seconds that each guest has to power off, ${min} to ${max}; as the service is configured when left out`,
  })
  timeoutSeconds?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Cut the power of a guest that is not off in time; what it had not written is lost',
  })
  force?: boolean | null;

  @Field(() => String, { nullable: true, description: 'For people: one line of at most 500 characters' })
  reason?: string | null;
}

const Reason = DisplayText.nullish().transform((text) => (text === undefined || text === '' ? null : text));

export const SetHostMaintenance = z.object({
  idempotencyKey: IdempotencyKey,
  hostId: z.string(),
  maintenance: z.boolean(),
  reason: Reason,
});

export const DrainHost = z.object({
  idempotencyKey: IdempotencyKey,
  hostId: z.string(),
  timeoutSeconds: z.int().min(min).max(max).nullish(),
  force: z.boolean().nullish(),
  reason: Reason,
});
