import { Field, Float, GraphQLISODateTime, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ListSize } from '@infinibay/platform-graphql';
import { SnapshotState } from '../generated/prisma/enums.js';

registerEnumType(SnapshotState, {
  name: 'SnapshotState',
  description:
    'State of a snapshot. CREATING until it is complete: one that can not be taken is deleted. READY: the VM can be brought back to it. DELETING: it can not any more, and goes.',
});

@ObjectType({ description: 'What a virtual machine was at one time. It goes with its VM.' })
export class VmSnapshot {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique among the snapshots of the VM' })
  name!: string;

  @Field(() => String, { description: 'Empty when there is none' })
  description!: string;

  @Field(() => SnapshotState)
  state!: SnapshotState;

  @Field(() => Boolean, { description: 'The memory of the running guest is part of it' })
  hasMemory!: boolean;

  @Field(() => Float, {
    description: 'What the memory takes up, in GiB; while it is being taken at most what it will. 0 without memory',
  })
  memoryGib!: number;

  @Field(() => ID, {
    nullable: true,
    description:
      'The snapshot that the VM stood on when it was taken; null: none, or one that is gone with all before it',
  })
  parentId!: string | null;

  @Field(() => Boolean, { description: 'The VM stands on it: it was the last that was taken of it or reverted to' })
  isCurrent!: boolean;

  @ListSize(25)
  @Field(() => [ID], { description: 'Volumes that are part of it, beside the disk of the VM' })
  volumeIds!: string[];

  @Field(() => GraphQLISODateTime, { description: 'When it was asked for' })
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was complete; null: it is not' })
  takenAt!: Date | null;

  // Not a field of the API: what the field resolver needs.
  authorId!: string;
}
