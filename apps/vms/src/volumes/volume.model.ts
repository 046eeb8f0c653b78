import { PageInfo } from '@infinibay/platform-graphql';
import { Directive, Field, Float, GraphQLISODateTime, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { VolumeAttachment, VolumeState } from '../generated/prisma/enums.js';
import { Failure } from '../vms/vm.model.js';

registerEnumType(VolumeState, {
  name: 'VolumeState',
  description:
    'State of a volume. CREATING, RESIZING and MOVING end by themselves, and so does DELETING: of one that was to go with a VM whose deletion failed it lasts until the VM is deleted, or is AVAILABLE again when the VM is asked for anything else; ERROR carries a reason: one that could not be made is deleted, one that could not be deleted is deleted again.',
});
registerEnumType(VolumeAttachment, {
  name: 'VolumeAttachment',
  description:
    'How a volume is attached. ATTACHING: the VM shall have it, at its next start at the latest; DETACHING: it shall not, and its guest has not let go yet',
});

@ObjectType({ description: 'A data disk of a department. It stays when the VM that it is attached to is deleted.' })
@Directive('@key(fields: "id")')
export class Volume {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique among the living volumes of the department' })
  name!: string;

  @Field(() => VolumeState)
  state!: VolumeState;

  @Field(() => Float, { description: 'What a guest sees of it, in GiB; while it is being resized what it shall be' })
  capacityGib!: number;

  @Field(() => Float, { description: 'What it takes up on its host, in GiB, as the host told last' })
  allocationGib!: number;

  @Field(() => String, {
    description: 'By which a guest finds it: on Linux /dev/disk/by-id/virtio-<serial>. Does not change',
  })
  serial!: string;

  @Field(() => VolumeAttachment, { nullable: true, description: 'null: it is attached to nothing' })
  attachment!: VolumeAttachment | null;

  @Field(() => String, {
    nullable: true,
    description: "vdb to vdz: its name in the VM's definition; null when it is attached to nothing",
  })
  target!: string | null;

  @Field(() => Failure, { nullable: true, description: 'Set in state ERROR' })
  error!: Failure | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  // Not fields of the API: what the field resolvers need.
  departmentId!: string;
  ownerId!: string;
  poolId!: string;
  hostId!: string;
  isBuilt!: boolean;
  attachedVmId!: string | null;
}

@ObjectType({ description: 'A page of volumes' })
export class VolumeConnection {
  @Field(() => [Volume])
  nodes!: Volume[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  // Not a field: what the resolver of totalCount asks.
  count!: () => Promise<number>;
}

@ObjectType({
  description:
    'A place for volumes on a host. Members of departments see which it is, of what kind, where, and whether it can be used; administrators also how much it holds.',
})
@Directive('@key(fields: "id")')
export class StoragePool {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique on its host' })
  name!: string;

  @Field(() => String, { description: 'dir: a folder of files' })
  kind!: string;

  @Field(() => Boolean, { description: 'It was heard of within the last 15 seconds, and can take volumes' })
  isUsable!: boolean;

  @Field(() => Float, { nullable: true, description: 'Of the file system that it is on, in GiB' })
  capacityGib!: number | null;

  @Field(() => Float, { nullable: true, description: 'What is written on that file system, by whomever, in GiB' })
  allocationGib!: number | null;

  @Field(() => Float, { nullable: true, description: 'What may still be written, in GiB' })
  availableGib!: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'What must stay free, in GiB: with less the pool takes nothing more (POOL_FULL). See POOL_RESERVE_PERCENT',
  })
  reserveGib!: number | null;

  @Field(() => Failure, { nullable: true, description: 'Why nothing can be made in it now' })
  error!: Failure | null;

  @Field(() => GraphQLISODateTime, { description: 'When its host last told of it' })
  observedAt!: Date;

  // Not a field of the API: what the field resolver needs.
  hostId!: string;
}
