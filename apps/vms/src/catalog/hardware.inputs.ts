import {
  BootDevice,
  CpuModel,
  CpuSet,
  GuestNumaNode,
  HugePages,
  MAX_GUEST_NODES,
  MAX_PINNED_VCPUS,
  VmFirmware,
  VmMachine,
  cpuSetOf,
  rangesOf,
} from '@infinibay/contracts';
import { Field, InputType, Int } from '@nestjs/graphql';
import { z } from 'zod';
import { BootDevices, HugePageChoices, VmFirmwares, VmMachines } from './hardware.model.js';

@InputType({ description: 'vCPUs and memory that are near to each other, as a guest sees it' })
export class VmNumaNodeInput {
  @Field(() => String, { description: 'Numbers of its vCPUs, from 0 on, such as 0-3,8' })
  vcpus!: string;

  @Field(() => Int, { description: 'MiB; in whole pages where hugePages are said' })
  memoryMib!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of the NUMA node of its host that this memory is of, alone; any when left out',
  })
  hostNode?: number | null;
}

export const CPU_PINNING_RULE =
  'CPUs of its host that its vCPUs may run on, each such as 0-3,8: one set for all of them, or one for each of maxVcpus in their order; an empty list lets them run on any';
export const NUMA_NODES_RULE =
  'NUMA nodes that the guest sees: each vCPU of maxVcpus is in one, and their memory is maxMemoryMib together; an empty list shows it one, as always';

@InputType({
  description: 'What a virtual machine shall be made of; what is left out is as it was, and of a new one as always',
})
export class VmHardwareInput {
  @Field(() => VmFirmwares, { nullable: true, description: 'BIOS as always' })
  firmware?: VmFirmware | null;

  @Field(() => VmMachines, {
    nullable: true,
    description: 'PC as always. A guest may name its cards anew under another',
  })
  machine?: VmMachine | null;

  @Field(() => String, {
    nullable: true,
    description:
      "DEFAULT as always; HOST_MODEL, HOST_PASSTHROUGH, MAXIMUM or libvirt's name of a model, which the host must be able to give",
  })
  cpuModel?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'An emulated TPM 2.0; false as always. One that a virtual machine has is not taken away',
  })
  tpm?: boolean | null;

  @Field(() => [BootDevices], {
    nullable: true,
    description: 'From what it boots, each at most once; DISK alone as always. A network has to offer what is booted',
  })
  bootOrder?: BootDevice[] | null;

  @Field(() => HugePageChoices, {
    nullable: true,
    description:
      'NONE as always. Of these pages is all of maxMemoryMib, a whole number of them, from its start on, and it is locked',
  })
  hugePages?: HugePages | null;

  @Field(() => [String], { nullable: true, description: CPU_PINNING_RULE })
  cpuPinning?: string[] | null;

  @Field(() => [VmNumaNodeInput], { nullable: true, description: NUMA_NODES_RULE })
  numaNodes?: VmNumaNodeInput[] | null;
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** The same numbers are the same input, however they are written. */
const SaidCpuSet = CpuSet.transform((set) => cpuSetOf(rangesOf(set)));

export const SaidCpuPinning = optional(z.array(SaidCpuSet).max(MAX_PINNED_VCPUS));
export const SaidNumaNodes = optional(
  z
    .array(
      z.object({
        vcpus: SaidCpuSet,
        memoryMib: GuestNumaNode.shape.memoryMib,
        hostNode: optional(GuestNumaNode.shape.hostNode),
      }),
    )
    .max(MAX_GUEST_NODES),
);

/** Nothing said of any of it is nothing said. */
export const SaidVmHardware = z
  .object({
    firmware: optional(VmFirmware),
    machine: optional(VmMachine),
    cpuModel: optional(CpuModel),
    tpm: optional(z.boolean()),
    bootOrder: optional(z.array(BootDevice).min(1).max(BootDevice.options.length)),
    hugePages: optional(HugePages),
    cpuPinning: SaidCpuPinning,
    numaNodes: SaidNumaNodes,
  })
  .nullish()
  .transform((said) =>
    said === null || said === undefined || Object.values(said).every((one) => one === null) ? null : said,
  );
