import type { Overcommit } from '@infinibay/vms-domain';
import { Directive, Field, GraphQLISODateTime, ID, Int, ObjectType } from '@nestjs/graphql';

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
}
