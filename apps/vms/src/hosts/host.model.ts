import { HugePageSize } from '@infinibay/contracts';
import { ListSize } from '@infinibay/platform-graphql';
import type { Overcommit } from '@infinibay/vms-domain';
import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

/** More of one host are not shown: the nodes of all hosts would cost more than the gateway lets anybody ask for. */
export const MAX_SHOWN_NODES = 8;

/** The values of the GraphQL enum. */
const HugePageSizes = HugePageSize.enum;
registerEnumType(HugePageSizes, { name: 'HugePageSize', description: 'MIB_2: 2 MiB. GIB_1: 1 GiB' });

@ObjectType({ description: 'Huge pages of one size' })
export class HostHugePages {
  @Field(() => HugePageSizes)
  size!: HugePageSize;

  @Field(() => Int, { description: 'Pages that there are; other memory is beside them' })
  total!: number;

  @Field(() => Int, { description: 'Pages that nobody has; some may be promised to virtual machines that are off' })
  free!: number;
}

@ObjectType({ description: 'CPUs and memory of a host that are near to each other' })
export class HostNumaNode {
  @Field(() => Int, { description: 'What VmNumaNode.hostNode names' })
  id!: number;

  @Field(() => String, { description: 'Numbers of its CPUs, such as 0-3,8: what cpuPinning may name' })
  cpus!: string;

  @Field(() => Int, { description: 'MiB, with its huge pages' })
  memoryMib!: number;

  @ListSize(2)
  @Field(() => [HostHugePages])
  hugePages!: HostHugePages[];
}

@ObjectType({ description: 'That somebody works on a host: it takes no new VMs and starts none' })
export class HostMaintenance {
  @Field(() => GraphQLISODateTime)
  since!: Date;

  @Field(() => String, { nullable: true, description: 'For administrators, as whoever said so last gave it' })
  reason!: string | null;

  // Not a field of the API: what the resolver of by needs; null for members of departments.
  byId!: string | null;
}

@ObjectType({
  description:
    'A machine that runs VMs. Members of departments see its id and name, and whether it can be used; administrators see all of it.',
})
@Directive('@key(fields: "id")')
export class Host {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  hostname!: string;

  @Field(() => Boolean, { description: 'It was heard of within the last 15 seconds' })
  online!: boolean;

  @Field(() => String, { description: "libvirt's driver: QEMU or Test" })
  driver!: string;

  @Field(() => String, { description: 'kvm (hardware), qemu (software emulation) or test (no guests at all)' })
  virtType!: string;

  @Field(() => Boolean, { description: 'Whether packet filters can be applied here' })
  nwfilter!: boolean;

  @Field(() => Boolean, { description: 'Whether agents inside guests can be heard here' })
  guestChannel!: boolean;

  @Field(() => Int, { nullable: true })
  cpus!: number | null;

  @Field(() => Int, { nullable: true, description: 'MiB' })
  memoryMib!: number | null;

  @Field(() => Int, { nullable: true, description: 'MiB that the operating system reports as free' })
  memoryFreeMib!: number | null;

  @Field(() => String, { nullable: true })
  libvirtVersion!: string | null;

  @Field(() => String, { nullable: true })
  hypervisorVersion!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Last heartbeat' })
  lastSeenAt!: Date;

  @Field(() => HostMaintenance, {
    nullable: true,
    description: 'null: it is in use. Its VMs stay where they are until migrateVm or drainHost moves them',
  })
  maintenance!: HostMaintenance | null;

  // Not a field of the API: what the resolver of overcommit needs; null for members of departments.
  ratios!: Overcommit | null;

  @ListSize(MAX_SHOWN_NODES)
  @Field(() => [HostNumaNode], {
    nullable: true,
    description:
      'For administrators, as the host told a few seconds ago, no more than 8; null: its agent is too old to tell',
  })
  numaNodes!: HostNumaNode[] | null;
}
