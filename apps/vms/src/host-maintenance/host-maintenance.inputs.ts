import { DisplayText, IdempotencyKey } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { DRAIN_MODES, optionsOf, type DrainMode } from '@infinibay/vms-domain';
import { Field, ID, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { z } from 'zod';

const { timeoutSeconds } = optionsOf('SHUTDOWN_VM');
if (timeoutSeconds?.type !== 'integer') throw new RangeError('a shutdown has no time-out');
const { min, max } = timeoutSeconds;

export const DrainModes = Object.fromEntries(DRAIN_MODES.map((mode) => [mode, mode]));
registerEnumType(DrainModes, {
  name: 'DrainMode',
  description: 'What drainHost does to what runs on a host',
  valuesMap: {
    SHUT_DOWN: { description: 'All is shut down' },
    MIGRATE: { description: 'What can be moved to another host is, and nothing is switched off: the rest runs on' },
    MIGRATE_OR_SHUT_DOWN: { description: 'What can be moved to another host is, and the rest is shut down' },
  },
});

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

  @Field(() => DrainModes, { nullable: true, description: 'SHUT_DOWN when left out' })
  mode?: DrainMode | null;

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

/** What is wanted when nothing is said: what it was before there was a choice. */
export const toDrainMode = (said: DrainMode | null | undefined): DrainMode => said ?? 'SHUT_DOWN';

export const DrainHost = z
  .object({
    idempotencyKey: IdempotencyKey,
    hostId: z.string(),
    mode: z.enum(DRAIN_MODES).nullish().transform(toDrainMode),
    timeoutSeconds: z.int().min(min).max(max).nullish(),
    force: z.boolean().nullish(),
    reason: Reason,
  })
  .refine(({ mode, force, timeoutSeconds }) => mode !== 'MIGRATE' || (force !== true && !isSaid(timeoutSeconds)), {
    path: ['mode'],
    message: 'MIGRATE switches nothing off, and has neither force nor timeoutSeconds',
  });

const isSaid = (value: number | null | undefined): boolean => value !== null && value !== undefined;
