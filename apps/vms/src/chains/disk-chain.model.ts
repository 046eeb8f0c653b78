import { Field, Float, ID, ObjectType, registerEnumType } from '@nestjs/graphql';

export const DiskLayerRole = { OWN: 'OWN', SNAPSHOT: 'SNAPSHOT', IMAGE: 'IMAGE' } as const;
export type DiskLayerRole = keyof typeof DiskLayerRole;
registerEnumType(DiskLayerRole, {
  name: 'DiskLayerRole',
  description:
    'What a layer is to a disk. OWN: the file that was made for it, which is written to. SNAPSHOT: what that file keeps of an earlier time, within itself. IMAGE: what is read where nothing was written',
});

@ObjectType({ description: 'One of what a disk consists of; see Vm.diskChain and Volume.chain' })
export class DiskLayer {
  @Field(() => DiskLayerRole)
  role!: DiskLayerRole;

  @Field(() => String, { description: 'qcow2 or raw' })
  format!: string;

  @Field(() => Float, { nullable: true, description: 'What a guest sees, in GiB; null of a snapshot' })
  capacityGib!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'What its file takes up, in GiB; null of a snapshot, which takes up some of the file that it is in',
  })
  allocationGib!: number | null;

  @Field(() => ID, { nullable: true, description: 'Which snapshot it is, see Vm.snapshots; null of anything else' })
  snapshotId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where its file is on the host, for administrators; null to anybody else, and of a snapshot',
  })
  path!: string | null;

  // Not a field of the API: what the field resolver needs.
  imageId!: string | null;
}
