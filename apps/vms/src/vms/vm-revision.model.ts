import { ListSize, PageInfo } from '@infinibay/platform-graphql';
import { RESTART_REASONS } from '@infinibay/vms-domain';
import { Field, Float, GraphQLISODateTime, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { VmHardware } from '../catalog/hardware.model.js';
import { PortLink } from './port-link.model.js';

const RestartReasons = Object.fromEntries(Object.keys(RESTART_REASONS).map((reason) => [reason, reason]));
registerEnumType(RestartReasons, {
  name: 'RestartReason',
  description: Object.entries(RESTART_REASONS)
    .map(([reason, meaning]) => `${reason}: ${meaning}.`)
    .join(' '),
});

@ObjectType({ description: 'What a virtual machine is declared to be, beside its power' })
export class VmSpec {
  @Field(() => Int, { description: 'Of what the document may say: 1' })
  version!: number;

  @Field(() => Int)
  vcpus!: number;

  @Field(() => Int, { description: 'Up to where vcpus may be changed while it runs; fixed until it has been off' })
  maxVcpus!: number;

  @Field(() => Int, { description: 'MiB' })
  memoryMib!: number;

  @Field(() => Int, {
    description:
      'MiB; up to where memoryMib may be changed while it runs; fixed until it has been off. Its host keeps all of it for the VM',
  })
  maxMemoryMib!: number;

  @Field(() => Boolean, { description: 'It is started whenever its host has been booted; see setVmAutostart' })
  autostart!: boolean;

  @ListSize(16)
  @Field(() => [PortLink], {
    description: 'Of its ports whose link is DOWN, by their MAC addresses; every other one is UP. See setVmPortLink',
  })
  links!: PortLink[];

  @Field(() => VmHardware, { description: 'It holds from its next start on' })
  hardware!: VmHardware;
}

@ObjectType({ description: 'What a running guest becomes only when it has been off' })
export class PendingRestart {
  @Field(() => String, { description: 'In the spec, such as maxMemoryMib or hardware.firmware; or cdrom' })
  path!: string;

  @Field(() => RestartReasons)
  reason!: string;

  @Field(() => String, { description: 'The reason, for people' })
  message!: string;

  @Field(() => Float, { nullable: true, description: 'What its spec says; null for what is no number' })
  declared!: number | null;

  @Field(() => Float, { nullable: true, description: 'What runs; null for what is no number' })
  actual!: number | null;

  @Field(() => String, { description: 'What its spec says, as JSON; of cdrom the id of the image' })
  declaredValue!: string;

  @Field(() => String, { description: 'What runs, as JSON; of cdrom null: something else' })
  actualValue!: string;
}

@ObjectType({
  description: 'Where a virtual machine is not what its spec says, because somebody changed it on its host',
})
export class VmDrift {
  @Field(() => String, {
    description:
      'definition.… what its next start makes of it, live.… what runs now; then the path in the spec, such as vcpus or links.52:54:00:12:34:56',
  })
  path!: string;

  @Field(() => Float, { description: 'Memory in MiB; of a link 1 for UP, 0 for DOWN' })
  declared!: number;

  @Field(() => Float, { description: 'Memory in MiB; of a link 1 for UP, 0 for DOWN' })
  actual!: number;
}

@ObjectType({ description: 'One value that differs between two revisions' })
export class VmSpecChange {
  @Field(() => String, { description: 'In the spec, such as vcpus' })
  path!: string;

  @Field(() => String, { nullable: true, description: 'As JSON; null when there was none' })
  from!: string | null;

  @Field(() => String, { nullable: true, description: 'As JSON; null when there is none' })
  to!: string | null;
}

@ObjectType({ description: 'What a virtual machine was declared to be from one change to the next' })
export class VmRevision {
  @Field(() => Int, { description: '1 is what it was made as' })
  number!: number;

  @Field(() => VmSpec)
  spec!: VmSpec;

  @ListSize(32)
  @Field(() => [VmSpecChange], { description: 'What differs from the revision before; empty for the first' })
  changes!: VmSpecChange[];

  @Field(() => String, { description: 'The kind of the operation that made it, such as RESIZE_VM' })
  operation!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'In every log line and event that the change caused; null for the first of a VM from before revisions',
  })
  correlationId!: string | null;

  // Not a field of the API: what the resolver of author needs.
  authorId!: string;
}

@ObjectType({ description: 'A page of revisions' })
export class VmRevisionConnection {
  @Field(() => [VmRevision])
  nodes!: VmRevision[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int, { description: 'How many there are on all pages' })
  totalCount!: number;
}
