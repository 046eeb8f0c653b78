import { BootDevice, VmFirmware, VmMachine, type VmHardware as Hardware } from '@infinibay/contracts';
import { ListSize } from '@infinibay/platform-graphql';
import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';

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
}
