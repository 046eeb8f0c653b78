import { ListSize } from '@infinibay/platform-graphql';
import { Field, Float, GraphQLISODateTime, Int, ObjectType } from '@nestjs/graphql';

@ObjectType({ description: 'Memory of a guest, in KiB' })
export class GuestMemory {
  @Field(() => Float)
  totalKib!: number;

  @Field(() => Float)
  usedKib!: number;

  @Field(() => Float)
  availableKib!: number;

  @Field(() => Float, { nullable: true })
  swapTotalKib!: number | null;

  @Field(() => Float, { nullable: true })
  swapUsedKib!: number | null;
}

@ObjectType({ description: 'Load averages of a guest' })
export class GuestLoad {
  @Field(() => Float)
  one!: number;

  @Field(() => Float)
  five!: number;

  @Field(() => Float)
  fifteen!: number;
}

@ObjectType({ description: 'A mounted file system in a guest, in GiB' })
export class GuestDisk {
  @Field(() => String)
  mountPoint!: string;

  @Field(() => String)
  filesystem!: string;

  @Field(() => Float)
  totalGib!: number;

  @Field(() => Float)
  usedGib!: number;

  @Field(() => Float)
  availableGib!: number;
}

@ObjectType({ description: 'A network interface in a guest; counters since its boot' })
export class GuestInterface {
  @Field(() => String)
  name!: string;

  @Field(() => Float)
  bytesSent!: number;

  @Field(() => Float)
  bytesReceived!: number;

  @Field(() => Float)
  packetsSent!: number;

  @Field(() => Float)
  packetsReceived!: number;

  @Field(() => Float)
  errorsIn!: number;

  @Field(() => Float)
  errorsOut!: number;

  @ListSize(32)
  @Field(() => [String])
  addresses!: string[];

  @Field(() => Boolean)
  isUp!: boolean;
}

@ObjectType({ description: 'A process in a guest' })
export class GuestProcess {
  @Field(() => Int)
  pid!: number;

  @Field(() => Int, { nullable: true })
  parentPid!: number | null;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  commandLine!: string | null;

  @Field(() => Float, { description: '100 is one core' })
  cpuPercent!: number;

  @Field(() => Float)
  memoryKib!: number;

  @Field(() => String, { nullable: true })
  status!: string | null;
}

@ObjectType({ description: 'What the agent inside a guest reported' })
export class GuestMetrics {
  @Field(() => GraphQLISODateTime, { description: "When it was received; the host's clock" })
  sampledAt!: Date;

  @Field(() => Float, { description: "Since the guest's boot" })
  uptimeSeconds!: number;

  @Field(() => Float, { description: '0 to 100, all cores together' })
  cpuPercent!: number;

  @ListSize(512)
  @Field(() => [Float], { description: '0 to 100 each' })
  cores!: number[];

  @Field(() => GuestMemory)
  memory!: GuestMemory;

  @Field(() => GuestLoad, { nullable: true })
  load!: GuestLoad | null;

  @ListSize(64)
  @Field(() => [GuestDisk])
  disks!: GuestDisk[];

  @ListSize(64)
  @Field(() => [GuestInterface])
  interfaces!: GuestInterface[];

  @Field(() => String, { nullable: true })
  hostname!: string | null;

  @Field(() => String, { nullable: true })
  osName!: string | null;

  @Field(() => String, { nullable: true })
  osVersion!: string | null;

  @Field(() => String, { nullable: true })
  kernelVersion!: string | null;

  @ListSize(20)
  @Field(() => [GuestProcess], { description: 'The busiest, at most 20' })
  processes!: GuestProcess[];
}

@ObjectType({ description: 'Stored samples of a guest, newest first' })
export class GuestMetricsPage {
  @Field(() => [GuestMetrics])
  nodes!: GuestMetrics[];

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'There are older samples within the time: ask again with this as `to`. null when these are all',
  })
  olderBefore!: Date | null;
}
