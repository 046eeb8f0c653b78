import { DepartmentRef } from '@infinibay/platform-graphql';
import { Field, Float, Int, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'How much a department may have; null is unlimited. See setDepartmentQuota.' })
export class DepartmentQuota {
  @Field(() => Int, { nullable: true, description: 'Virtual machines' })
  vms!: number | null;

  @Field(() => Int, { nullable: true, description: 'Virtual processors of all its VMs' })
  vcpus!: number | null;

  @Field(() => Float, { nullable: true, description: 'Whole MiB of memory of all its VMs' })
  memoryMib!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'GiB of disk of all its VMs and volumes, by their virtual sizes, and of memory that snapshots keep',
  })
  diskGib!: number | null;
}

@ObjectType({
  description:
    'How much a department has. A VM counts from the moment that it is accepted, running or not and in ERROR too, until it is gone: one that is being deleted still counts.',
})
export class DepartmentUsage {
  @Field(() => Int, { description: 'Virtual machines' })
  vms!: number;

  @Field(() => Int, { description: 'Virtual processors of all its VMs' })
  vcpus!: number;

  @Field(() => Float, { description: 'MiB of memory of all its VMs' })
  memoryMib!: number;

  @Field(() => Float, {
    description: 'GiB of disk of all its VMs and volumes, by their virtual sizes, and of memory that snapshots keep',
  })
  diskGib!: number;
}

@ObjectType({ description: 'What an administrator has set' })
export class DepartmentQuotaResult {
  @Field(() => DepartmentRef)
  department!: DepartmentRef;

  @Field(() => DepartmentQuota)
  quota!: DepartmentQuota;
}
