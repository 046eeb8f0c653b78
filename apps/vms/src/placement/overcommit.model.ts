import { Field, Float, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'How much of what it has a host may promise to virtual machines, running or not' })
export class HostOvercommit {
  @Field(() => Float, {
    nullable: true,
    description: 'vCPUs that all its VMs may have together, for each of its CPUs; null: as many as its memory allows',
  })
  cpuRatio!: number | null;

  @Field(() => Float, {
    description: 'MiB that all its VMs may have together, for each that it has beside what is kept for the host itself',
  })
  memoryRatio!: number;

  @Field(() => Boolean, {
    description:
      'Whether cpuRatio is of setHostOvercommit; false: the service is configured so, see PLACEMENT_CPU_RATIO',
  })
  isCpuRatioOwn!: boolean;

  @Field(() => Boolean, { description: 'The same of memoryRatio, see PLACEMENT_MEMORY_RATIO' })
  isMemoryRatioOwn!: boolean;
}
