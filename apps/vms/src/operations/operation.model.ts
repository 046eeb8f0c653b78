import { ListSize, PageInfo } from '@infinibay/platform-graphql';
import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { KNOWN_OPERATION_KINDS, type KnownOperationKind } from '@infinibay/vms-domain';
import { OperationStatus, StepStatus } from '../generated/prisma/enums.js';

export const OperationKinds = Object.fromEntries(KNOWN_OPERATION_KINDS.map((kind) => [kind, kind]));
registerEnumType(OperationKinds, { name: 'OperationKind' });
registerEnumType(OperationStatus, {
  name: 'OperationStatus',
  description: 'SUPERSEDED: a later request on the same VM, volume or image took its place',
});
registerEnumType(StepStatus, { name: 'OperationStepStatus' });

@ObjectType({ description: 'One step of an operation' })
export class OperationStep {
  @Field(() => String, { description: 'attach-network, ensure-disk, protect, define, start, …' })
  name!: string;

  @Field(() => StepStatus)
  status!: StepStatus;

  @Field(() => Int, { description: 'How often it was tried' })
  attempts!: number;

  @Field(() => String, { nullable: true, description: 'Code of the last failure' })
  errorCode!: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;
}

@ObjectType({
  description:
    'Long-running work on a virtual machine, on many at once, on a host, on a volume or on an image, with its journal',
})
@Directive('@key(fields: "id")')
export class Operation {
  @Field(() => ID)
  id!: string;

  @Field(() => OperationKinds)
  kind!: KnownOperationKind;

  @Field(() => OperationStatus)
  status!: OperationStatus;

  @Field(() => Int, { description: '0 to 100' })
  progressPercent!: number;

  @ListSize(16)
  @Field(() => [OperationStep], { description: 'In order; a bulk request has none' })
  steps!: OperationStep[];

  @Field(() => String, { nullable: true, description: 'Why it failed' })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: 'For people' })
  errorMessage!: string | null;

  @Field(() => String, { description: 'In every log line and event that the operation caused' })
  correlationId!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  startedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt!: Date | null;

  @Field(() => String, {
    description:
      'What is worked on: vm, volume, image; bulk for a request on many VMs, host for the drain of one: both have results',
  })
  resourceKind!: string;

  @Field(() => ID, { description: 'The id of what is worked on; of a bulk request its own' })
  resourceId!: string;

  @Field(() => Boolean, { description: 'Whether cancelOperation takes it back now' })
  isCancellable!: boolean;

  actorId!: string;
}

@ObjectType({ description: 'A page of operations' })
export class OperationConnection {
  @Field(() => [Operation])
  nodes!: Operation[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  // Not a field: what the resolver of totalCount asks.
  count!: () => Promise<number>;
}
