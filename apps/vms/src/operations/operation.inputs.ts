import { Field, GraphQLISODateTime, ID, InputType } from '@nestjs/graphql';
import { KNOWN_OPERATION_KINDS } from '@infinibay/vms-domain';
import { z } from 'zod';
import { OperationStatus } from '../generated/prisma/enums.js';
import { OperationKinds } from './operation.model.js';

@InputType({ description: 'What is left out is not asked for; an empty list matches nothing' })
export class OperationFilterInput {
  @Field(() => ID, { nullable: true })
  departmentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The id of what is worked on, also when it is gone' })
  resourceId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who asked for it' })
  requestedById?: string | null;

  @Field(() => [OperationKinds], { nullable: true })
  kinds?: string[] | null;

  @Field(() => [OperationStatus], { nullable: true })
  statuses?: string[] | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Asked for at this time or later' })
  from?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Asked for before this time' })
  until?: Date | null;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const enough = 100;
/** Of other years PostgreSQL knows some and refuses others; no operation is of one. */
const time = z.date().min(new Date('1970-01-01T00:00:00Z')).max(new Date('9999-12-31T23:59:59Z'));

export const OperationFilter = z.object({
  departmentId: optional(z.string()),
  resourceId: optional(z.string()),
  requestedById: optional(z.string()),
  kinds: optional(z.array(z.enum(KNOWN_OPERATION_KINDS)).max(enough)),
  statuses: optional(z.array(z.enum(OperationStatus)).max(enough)),
  from: optional(time),
  until: optional(time),
});
export type OperationFilter = z.output<typeof OperationFilter>;
