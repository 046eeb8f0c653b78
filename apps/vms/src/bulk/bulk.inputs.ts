import { IdempotencyKey, Uuid } from '@infinibay/contracts';
import { KEY_DESCRIPTION } from '@infinibay/platform-graphql';
import { Field, ID, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { z } from 'zod';
import { VmCriteria, VmFilter } from '../vms/vm-list.inputs.js';
import { BULK_KINDS, BULK_OPTIONS, type BulkKind } from './bulk.actions.js';

/** VMs that one request may be about. */
export const MAX_BULK_VMS = 1_000;
/** Ids that one request may name, the same one several times or not: no more fit into a request anyway. */
const MAX_IDS = 10_000;

const BulkVmAction = Object.fromEntries(BULK_KINDS.map((kind) => [kind, kind]));
registerEnumType(BulkVmAction, {
  name: 'BulkVmAction',
  description: 'What can be asked of VMs, by the kind of operation that it is on each of them',
});

@InputType({
  description: `One action on up to ${MAX_BULK_VMS} virtual machines: give either vmIds or filter, and the options of the action`,
})
export class BulkVmsInput {
  @Field(() => String, { nullable: true, description: KEY_DESCRIPTION })
  idempotencyKey?: string | null;

  @Field(() => BulkVmAction)
  action!: BulkKind;

  @Field(() => [ID], {
    nullable: true,
    description: `At most ${MAX_BULK_VMS} different ones, in the order in which they are begun; one that is named twice counts once`,
  })
  vmIds?: string[] | null;

  @Field(() => VmFilter, {
    nullable: true,
    description: 'All that it matches when the request is accepted, newest first; it must restrict something',
  })
  filter?: VmFilter | null;

  readonly [option: string]: unknown;
}
for (const { name, option, description } of BULK_OPTIONS)
  Field(() => (option.type === 'integer' ? Int : Boolean), {
    nullable: true,
    description,
  })(BulkVmsInput.prototype, name);

const saysNothing = (filter: Readonly<Record<string, unknown>>): boolean =>
  Object.values(filter).every((value) => value === null || value === false);

export const BulkVms = z
  .looseObject({
    idempotencyKey: IdempotencyKey,
    action: z.enum(BULK_KINDS),
    vmIds: z
      .array(Uuid)
      .max(MAX_IDS)
      .nullish()
      .transform((ids) => (ids === null || ids === undefined ? null : [...new Set(ids)])),
    filter: VmCriteria.nullish().transform((filter) => filter ?? null),
  })
  .refine(({ vmIds, filter }) => (vmIds === null) !== (filter === null), {
    message: 'give either vmIds or filter',
    path: ['vmIds'],
  })
  .refine(({ filter }) => filter === null || !saysNothing(filter), {
    message: 'restricts nothing: name what you mean, for all of a department its id',
    path: ['filter'],
  });
