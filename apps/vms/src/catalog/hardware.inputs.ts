import { BootDevice, CpuModel, VmFirmware, VmMachine } from '@infinibay/contracts';
import { Field, InputType } from '@nestjs/graphql';
import { z } from 'zod';
import { BootDevices, VmFirmwares, VmMachines } from './hardware.model.js';

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
}

const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? null);

/** Nothing said of any of it is nothing said. */
export const SaidVmHardware = z
  .object({
    firmware: optional(VmFirmware),
    machine: optional(VmMachine),
    cpuModel: optional(CpuModel),
    tpm: optional(z.boolean()),
    bootOrder: optional(z.array(BootDevice).min(1).max(BootDevice.options.length)),
  })
  .nullish()
  .transform((said) =>
    said === null || said === undefined || Object.values(said).every((one) => one === null) ? null : said,
  );
