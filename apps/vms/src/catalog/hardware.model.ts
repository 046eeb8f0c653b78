import {
  BootDevice,
  HugePages,
  MAX_GUEST_NODES,
  MAX_PINNED_VCPUS,
  VmFirmware,
  VmMachine,
  type VmHardware as Hardware,
} from '@infinibay/contracts';
import { ListSize } from '@infinibay/platform-graphql';
import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';

/** The values of the GraphQL enums. */
export const VmFirmwares = VmFirmware.enum;
registerEnumType(VmFirmwares, {
  name: 'VmFirmware',
  description:
    'What starts the boot loader of a guest. UEFI_SECURE_BOOT starts only what is signed with a key of the vendors, and needs the machine Q35',
});
export const VmMachines = VmMachine.enum;
registerEnumType(VmMachines, {
  name: 'VmMachine',
  description: 'The board of a virtual machine. PC: i440FX with PCI. Q35: with PCI Express',
});
export const BootDevices = BootDevice.enum;
registerEnumType(BootDevices, { name: 'BootDevice', description: 'What a virtual machine may boot from' });
export const HugePageChoices = HugePages.enum;
registerEnumType(HugePageChoices, {
  name: 'HugePages',
  description: 'Pages that the memory of a virtual machine is of. MIB_2: 2 MiB. GIB_1: 1 GiB. NONE: ordinary ones',
});

@ObjectType({ description: 'vCPUs and memory that are near to each other, as a guest sees it' })
export class VmNumaNode {
  @Field(() => String, { description: 'Numbers of its vCPUs, from 0 on, such as 0-3,8' })
  vcpus!: string;

  @Field(() => Int, { description: 'MiB' })
  memoryMib!: number;

  @Field(() => Int, { nullable: true, description: 'The NUMA node of its host that this memory is of; null: any' })
  hostNode!: number | null;
}

@ObjectType({ description: 'What a virtual machine is made of, beside its sizes, disks and cards; see setVmHardware' })
export class VmHardware {
  @Field(() => VmFirmwares)
  firmware!: Hardware['firmware'];

  @Field(() => VmMachines)
  machine!: Hardware['machine'];

  @Field(() => String, {
    description:
      "DEFAULT (the host's own under KVM, else what the emulator chooses), HOST_MODEL, HOST_PASSTHROUGH, MAXIMUM (all that the emulator can) or libvirt's name of a model",
  })
  cpuModel!: string;

  @Field(() => Boolean, { description: 'It has an emulated TPM 2.0' })
  tpm!: boolean;

  @ListSize(3)
  @Field(() => [BootDevices], { description: 'From what it boots, the first that it can' })
  bootOrder!: Hardware['bootOrder'];

  @Field(() => HugePageChoices, { description: 'All of maxMemoryMib is of them, and locked' })
  hugePages!: HugePages;

  @ListSize(MAX_PINNED_VCPUS)
  @Field(() => [String], {
    description:
      'CPUs of its host that its vCPUs may run on, such as 0-3,8: one set for all, or one for each of maxVcpus; empty: any',
  })
  cpuPinning!: string[];

  @ListSize(MAX_GUEST_NODES)
  @Field(() => [VmNumaNode], { description: 'NUMA nodes that its guest sees, in their order; empty: one, as always' })
  numaNodes!: VmNumaNode[];
}
