import { MAX_TAGS, Tags, Uuid, VmName, isVisible } from '@infinibay/contracts';
import { PageArgs, type Sort } from '@infinibay/platform-graphql';
import { ArgsType, Field, ID, InputType, registerEnumType } from '@nestjs/graphql';
import { z } from 'zod';
import { VmState } from '../generated/prisma/enums.js';
import { foldText } from './vm-search.js';

/** Values of one field of a filter. */
export const MAX_FILTER_VALUES = 100;
const MAX_TEXT_LENGTH = 200;

export enum VmSortField {
  CREATED_AT = 'CREATED_AT',
  NAME = 'NAME',
  STATE = 'STATE',
  VCPUS = 'VCPUS',
  MEMORY = 'MEMORY',
  DISK = 'DISK',
  DEPARTMENT = 'DEPARTMENT',
}
registerEnumType(VmSortField, {
  name: 'VmSortField',
  description: 'VMs that are equal in it stand in the order of their ids',
  valuesMap: {
    NAME: { description: 'By its characters: - before digits before letters' },
    STATE: { description: 'In the order of the enum VmState as it was made: BUILDING first, PAUSED last' },
    DEPARTMENT: {
      description: "VMs of one department together, departments by their ids: their names are not the vms service's",
    },
  },
});

export enum SortDirection {
  ASC = 'ASC',
  DESC = 'DESC',
}
registerEnumType(SortDirection, { name: 'SortDirection' });

@InputType({ description: 'What a list of virtual machines is sorted by' })
export class VmOrder {
  @Field(() => VmSortField)
  field!: VmSortField;

  @Field(() => SortDirection, { defaultValue: SortDirection.ASC })
  direction!: SortDirection;
}

const SEVERAL = `1 to ${MAX_FILTER_VALUES} of them; ids of what does not exist, or may not be seen, match nothing`;
const TAGS = `1 to ${MAX_TAGS}; case does not matter`;

@InputType({
  description:
    'Which virtual machines a list shows: those that every field matches; what is left out or null restricts nothing. An empty list, an id that is no UUID or a tag that cannot be one is INVALID_INPUT.',
})
export class VmFilter {
  @Field(() => [VmState], { nullable: true, description: 'In one of these states' })
  states?: VmState[] | null;

  @Field(() => [ID], { nullable: true, description: SEVERAL })
  departmentIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: `Who created it. ${SEVERAL}` })
  ownerIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: SEVERAL })
  hostIds?: string[] | null;

  @Field(() => [ID], { nullable: true, description: SEVERAL })
  imageIds?: string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: `Made from one of these, also from one that is deleted. ${SEVERAL}`,
  })
  templateIds?: string[] | null;

  @Field(() => [String], { nullable: true, description: `With all of these tags. ${TAGS}` })
  tagsAllOf?: string[] | null;

  @Field(() => [String], { nullable: true, description: `With one at least of these tags. ${TAGS}` })
  tagsAnyOf?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'true: those that are going to be deleted (softDeleteVm); false: those that are not',
  })
  deletionScheduled?: boolean | null;

  @Field(() => String, { nullable: true, description: 'What the name begins with: 1 to 63 of a-z, 0-9 and -' })
  namePrefix?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `Stands anywhere in the name or in the description, whatever the case: 1 to ${MAX_TEXT_LENGTH} characters that can be seen. A text, no pattern: % and * mean themselves`,
  })
  text?: string | null;
}

/** What the fields say that answer lists of VMs. */
export const LIST_DESCRIPTION = [
  'Newest first unless orderBy says otherwise.',
  'Pages are read by an index, with 20,000 VMs as with 20, for every sort in both directions, at any page, alone or with any filter of VmFilter,',
  'over all departments, one or several.',
  'totalCount is counted by an index when there is no filter, and with one of states, ownerIds, hostIds, imageIds, templateIds, namePrefix or deletionScheduled: true, in all departments, one or several;',
  'with tags or a text it takes as long as there are matches. Leave it out where nobody reads it.',
  'A page goes on where the one before ended, whatever is created or deleted meanwhile; a VM whose sorted field changes meanwhile may be seen twice or not at all.',
  'Errors: INVALID_INPUT for a filter that cannot be, a `first` out of range, or a cursor that is not of this list and sort',
].join(' ');

@ArgsType()
export class VmsOfDepartmentArgs extends PageArgs {
  @Field(() => VmFilter, { nullable: true })
  filter?: VmFilter | null;

  @Field(() => VmOrder, { nullable: true, description: 'Newest first when left out' })
  orderBy?: VmOrder | null;
}

@ArgsType()
export class VmsArgs extends VmsOfDepartmentArgs {
  @Field(() => ID, { nullable: true, deprecationReason: 'Use filter.departmentIds' })
  departmentId?: string | null;

  @Field(() => VmState, { nullable: true, deprecationReason: 'Use filter.states' })
  state?: VmState | null;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);
const some = <T extends z.ZodType>(schema: T) => optional(z.array(schema).min(1).max(MAX_FILTER_VALUES));
const someTags = optional(z.array(z.string()).min(1).pipe(Tags));

/** A filter that was checked. */
export const VmCriteria = z.object({
  states: some(z.enum(VmState)),
  departmentIds: some(Uuid),
  ownerIds: some(Uuid),
  hostIds: some(Uuid),
  imageIds: some(Uuid),
  templateIds: some(Uuid),
  tagsAllOf: someTags,
  tagsAnyOf: someTags,
  deletionScheduled: optional(z.boolean()),
  namePrefix: optional(z.string().regex(/^[a-z0-9-]{1,63}$/, 'must be 1 to 63 of a-z, 0-9 and -')),
  text: optional(
    z
      .string()
      .max(MAX_TEXT_LENGTH)
      .refine(isVisible, 'must consist of characters that can be seen')
      .transform(foldText),
  ),
});
export type VmCriteria = z.output<typeof VmCriteria>;

export type VmSort = Sort<VmSortField>;
export const NEWEST_FIRST: VmSort = { field: VmSortField.CREATED_AT, direction: 'DESC' };

const INT = z.int32();
/** What a cursor may hold as the value that was sorted by. */
export const SORT_VALUES: Readonly<Record<VmSortField, z.ZodType<string | number>>> = {
  // Of other years PostgreSQL knows some and refuses others; no VM is of one.
  CREATED_AT: z.iso.datetime({ precision: 3 }).regex(/^(19[7-9]|[2-9]\d)/),
  NAME: VmName,
  STATE: z.enum(VmState),
  VCPUS: INT,
  MEMORY: INT,
  DISK: z.string().regex(/^\d{1,18}$/),
  DEPARTMENT: Uuid,
};
